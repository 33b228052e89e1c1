#include "core/error.h"

namespace cpi {

std::string_view code_name(Code code) {
  switch (code) {
    case Code::kInvalidConfig: return "invalid_config";
    case Code::kInvalidUrl: return "invalid_url";
    case Code::kInvalidJson: return "invalid_json";
    case Code::kInvalidArgument: return "invalid_argument";
    case Code::kFileNotFound: return "file_not_found";
    case Code::kFileNotAllowed: return "file_not_allowed";
    case Code::kFileUnreadable: return "file_unreadable";
    case Code::kFileChanged: return "file_changed";
    case Code::kSourceUnreachable: return "source_unreachable";
    case Code::kSourceRefused: return "source_refused";
    case Code::kSpoolFull: return "spool_full";
    case Code::kInvalidHeader: return "invalid_header";
    case Code::kUnknownEncoding: return "unknown_encoding";
    case Code::kDialectUnclear: return "dialect_unclear";
    case Code::kDialectChanged: return "dialect_changed";
    case Code::kLimitExceeded: return "limit_exceeded";
    case Code::kTooManyErrors: return "too_many_errors";
    case Code::kKeyMissing: return "key_missing";
    case Code::kKeyNotUnique: return "key_not_unique";
    case Code::kColumnMissing: return "column_missing";
    case Code::kColumnUnknown: return "column_unknown";
    case Code::kUnsupportedTarget: return "unsupported_target";
    case Code::kEgressRefused: return "egress_refused";
    case Code::kHostUnreachable: return "host_unreachable";
    case Code::kTargetUnreachable: return "target_unreachable";
    case Code::kCommitUnknown: return "commit_unknown";
    case Code::kTargetRefused: return "target_refused";
    case Code::kAccountingMismatch: return "accounting_mismatch";
    case Code::kStagingLost: return "staging_lost";
    case Code::kCancelled: return "cancelled";
    case Code::kStopped: return "stopped";
    case Code::kFenced: return "fenced";
    case Code::kInternal: return "internal";
  }
  return "internal";
}

bool is_retryable(Code code) {
  switch (code) {
    case Code::kFileChanged:
    case Code::kHostUnreachable:
    case Code::kSourceUnreachable:
    case Code::kSpoolFull:
    case Code::kTargetUnreachable:
    case Code::kCommitUnknown:
    case Code::kStagingLost:
    case Code::kStopped: return true;
    default: return false;
  }
}

}  // namespace cpi
