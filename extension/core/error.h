// The catalogue of expected failures: what went wrong, told so that a person can mend it.
//
// An expected failure (bad bytes, bad configuration, a missing file) is a value of type Error, carried by Result<T>.
// A broken environment (connection lost, disk full) is an exception in the agent and never passes through here.
// Code is for programs to decide on; message, detail and hint are for people and are never parsed.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cpi {

/// What kind of failure this is. `code_name` gives the stable text that users see in JSON.
enum class Code {
  kInvalidConfig,       ///< the project's config breaks the JSON Schema or contradicts itself
  kInvalidUrl,          ///< a connection URL cannot be taken apart
  kInvalidJson,         ///< text that should be JSON is not
  kInvalidArgument,     ///< a command-line or API argument is out of range
  kFileNotFound,        ///< a named file is not there, or no path leads to it
  kFileNotAllowed,      ///< the path leaves the allowed roots, or is no regular file
  kFileUnreadable,      ///< the file is there but cannot be read
  kFileChanged,         ///< the source changed or was cut while it was being read; retryable
  kSourceUnreachable,   ///< a remote source cannot be reached, or went away while it was used; retryable
  kSourceRefused,       ///< a remote source is not the expected one, or refuses the login or what was asked of it
  kSpoolFull,           ///< a remote file cannot be kept on the agent's disk for now; retryable
  kInvalidHeader,       ///< the header is empty, over the limits, or names no usable column
  kUnknownEncoding,     ///< the encoding is not one that we know
  kDialectUnclear,      ///< "auto" was asked for, and no reading of the file is convincing
  kDialectChanged,      ///< the file is written otherwise than the project's files before it
  kLimitExceeded,       ///< a field, row, header or column count over the limits
  kTooManyErrors,       ///< more rejected rows than the options allow; the load changed nothing
  kKeyMissing,          ///< a primary-key column is not in the file or not in the table
  kKeyNotUnique,        ///< the key has no unique index in the target; the hint holds the statement
  kColumnMissing,       ///< a column of the table that must have a value is not in the file
  kColumnUnknown,       ///< a column of the file is not in the table, and the options forbid adding it
  kUnsupportedTarget,   ///< the target is no table, or of a kind that cannot be loaded
  kEgressRefused,       ///< the rules for outgoing connections (CPI_EGRESS) refuse the address
  kHostUnreachable,     ///< a host's name does not resolve, or no connection to it can be made; retryable
  kTargetUnreachable,   ///< the target database cannot be reached; retryable
  kCommitUnknown,       ///< the answer to COMMIT was lost and the ledger could not be asked; retryable
  kTargetRefused,       ///< the target database answered with an error (SQLSTATE in the detail)
  kAccountingMismatch,  ///< the counts do not add up; the load was rolled back
  kStagingLost,         ///< the staging table lost rows, as after a crash of the server; retryable
  kCancelled,           ///< a user cancelled the job
  kStopped,             ///< the agent is stopping; the job goes back to the queue
  kFenced,              ///< another attempt has begun; this one may write nothing more
  kInternal,            ///< a defect of cpi
};

/// The stable name of a code, such as "file_not_found".
std::string_view code_name(Code code);

/// True when the same attempt may succeed later without anybody changing anything.
bool is_retryable(Code code);

/// One failure. `message` says what and where (lowercase, no full stop); `detail` and `hint` are sentences or empty.
/// Never holds a password.
struct Error {
  Code code = Code::kInternal;
  std::string message;
  std::string detail;
  std::string hint;
};

/// One remark about a document: what is wrong at `path` and how to mend it.
struct Finding {
  std::string path;     ///< where in the document, such as "defaults.primary_key" or "tables[2].delimiter"
  std::string rule;     ///< stable id of the broken rule, such as "unknown_key"
  std::string message;  ///< what is wrong, with the value (never a secret)
  std::string hint;     ///< how to mend it, such as `did you mean "delimiter"?`; may be empty
};

using Findings = std::vector<Finding>;

}  // namespace cpi
