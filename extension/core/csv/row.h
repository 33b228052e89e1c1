// What the reader gives: rows of fields, and the rows that it had to reject, each with its place in the file.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cpi::csv {

/// One field, unescaped. `data` points into the reader's memory and is valid as long as the batch that holds it.
struct Field {
  const char* data = nullptr;
  std::uint32_t size = 0;
  bool quoted = false;  ///< was written in quotes: a quoted empty field is an empty string, never NULL

  std::string_view text() const { return {data, size}; }
};

/// Why a row was rejected. `reason_name` gives the stable text that users see.
enum class Reason {
  kTooFewFields,
  kTooManyFields,
  kStrayQuote,     ///< a quote inside an unquoted field, or text after a closing quote
  kUnclosedQuote,  ///< a quoted field that never ends in a way that fits the table
  kNulByte,
  kInvalidEncoding,
  kFieldTooLong,
  kRowTooLong,
  kInvalidValue,  ///< a field that does not convert to its column's type
  kNullKey,       ///< a primary-key column without a value
  kNotNullViolation,
  kDuplicateKey,     ///< under `duplicates: error`
  kRefusedByServer,  ///< a constraint or trigger of the target refused the row
  kSuppressedByTrigger,
};

/// The stable name of a reason, such as "too_few_fields".
std::string_view reason_name(Reason reason);

/// The byte of the file that a byte offset in the reader's input stands for, where the file is not UTF-8 itself.
using Origin = std::function<std::int64_t(std::int64_t offset)>;

/// One row. Lines count from 1 as an editor counts them; a row that spans lines has the number of its first.
struct Row {
  std::int64_t line = 0;
  std::int64_t offset = 0;        ///< of the row's first byte in the reader's input, from 0; see Origin
  std::span<const Field> fields;  ///< exactly as many as the header has
};

/// What a reject keeps of its row's text: enough to find the row again, and mostly all of it.
inline constexpr std::size_t kMostRawBytes = std::size_t{64} << 10;

/// One row that was not loaded. Owns its text, so it outlives the batch.
struct Reject {
  std::int64_t line = 0;
  std::int64_t offset = 0;  ///< of the row's first byte in the file, from 0
  std::string column;       ///< the file's name of the column at fault; empty when the whole row is
  Reason reason = Reason::kInvalidValue;
  std::string message;  ///< what is wrong and how to mend it, with the offending value shortened
  std::string raw;      ///< the row as it stood in the file, in UTF-8 and without the line ending, cut at kMostRawBytes
};

/// A run of rows and rejects in file order. Reused between calls: `Reader::next` clears it.
class Batch {
 public:
  std::size_t size() const { return rows_.size(); }
  bool empty() const { return rows_.empty() && rejects.empty(); }
  Row row(std::size_t i) const {
    const Entry& e = rows_[i];
    return {e.line, e.offset, {fields_.data() + e.first_field, e.field_count}};
  }
  /// The row as it stood in the file, without the line ending; for a reject made later on.
  std::string_view raw(std::size_t i) const { return rows_[i].raw; }

  std::vector<Reject> rejects;

 private:
  friend class Reader;
  struct Entry {
    std::int64_t line;
    std::int64_t offset;
    std::size_t first_field;
    std::size_t field_count;
    std::string_view raw;
  };
  std::vector<Entry> rows_;
  std::vector<Field> fields_;
};

}  // namespace cpi::csv
