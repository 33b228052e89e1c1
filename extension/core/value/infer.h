// The type of a column that cpi creates, from all of its values (`types: infer`): never narrower than the values allow,
// and text where meaning would be guessed (leading zeros, mixed or ambiguous values).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/value/converter.h"
#include "core/value/copy_buffer.h"
#include "core/value/format.h"

namespace cpi::value {

/// A type that inference gives, such as "bigint", as every PostgreSQL's catalog has it.
ColumnType inferred_type(std::string_view name);

/// What becomes of the values of a column that already has a type.
enum class Misfits {
  kWiden,   ///< every value counts
  kReject,  ///< values that only text could take will be rejected, so `type_beside_misfits` is asked for
};

/// Watches every value of every column. Memory does not grow with the rows. Not thread-safe.
class Inference {
 public:
  Inference(std::size_t columns, const Format& format, Misfits misfits = Misfits::kWiden);
  Inference(Inference&&) noexcept;
  Inference& operator=(Inference&&) noexcept;
  ~Inference();

  /// Takes one non-NULL value of column `column` into account.
  void observe(std::size_t column, std::string_view text);

  /// The type so far of column `column`, as DDL writes it: "boolean", "integer", "bigint", "numeric", "double
  /// precision", "date", "timestamp without time zone", "timestamp with time zone", "uuid" or "text" (also for a column
  /// without values). The converter of the type takes every value that was observed.
  std::string type(std::size_t column) const;
  /// Of all columns.
  std::vector<std::string> types() const;

  /// The type of those values alone that are numbers, where `current` is a type of numbers, or dates and timestamps
  /// without a zone, where it is one of these; "text" for another type. Without any such value it is one that no column
  /// need be widened for. Only under Misfits::kReject.
  std::string type_beside_misfits(std::size_t column, std::string_view current) const;

  /// Whether a column of type `type` (spelled as in types()) that exists takes every value of column `column` without a
  /// guess. More than types() would choose: the flags of a file may all be "f", which proves no boolean by itself.
  bool fits(std::size_t column, std::string_view type) const;

  /// Whether column `column` had a value at all: if not, its "text" says nothing, and no existing column need be
  /// widened.
  bool has_values(std::size_t column) const { return columns_[column].seen; }

 private:
  /// One bit per type.
  enum Candidate : unsigned {
    kBoolean = 1,
    kInteger = 2,
    kBigint = 4,
    kNumeric = 8,
    kDouble = 16,
    kDate = 32,
    kTimestamp = 64,
    kTimestamptz = 128,
    kUuid = 256,
    kNumbers = kInteger | kBigint | kNumeric | kDouble,
    kZoneless = kDate | kTimestamp,
    kTimes = kZoneless | kTimestamptz,
    kAll = kBoolean | kNumbers | kTimes | kUuid,
  };
  struct Column {
    unsigned possible = kAll;       // for every value so far
    unsigned numbers = kNumbers;    // for those that are numbers
    unsigned zoneless = kZoneless;  // for those that are dates or timestamps without a zone
    bool seen = false;
    bool whole_word = false;  ///< "true" or "false", which can be nothing but a boolean
    bool true_word = false;   ///< "t", or a word of true_values
    bool false_word = false;
    bool digits = false;         ///< a number or date that is not only NaN or infinity
    bool floating = false;       ///< an exponent, NaN or an infinity
    bool fraction = false;       ///< a decimal point
    bool bare_exponent = false;  ///< "1E5", which may as well be a code
  };
  struct Judges;  ///< the converters that have the last word

  static unsigned candidate_called(std::string_view type);
  bool accepts(Candidate candidate, std::string_view text);
  unsigned judge_boolean(Column& column, std::string_view word);
  /// Of the types in `asked` those that the value allows.
  unsigned judge_number(Column& column, unsigned asked, std::string_view text);
  unsigned judge_time(Column& column, unsigned asked, std::string_view text);
  unsigned judge_uuid(std::string_view text);
  static std::string_view type_of(const Column& column, unsigned possible);

  std::vector<Column> columns_;
  Misfits misfits_;
  std::unique_ptr<Judges> judges_;
  CopyBuffer scratch_;
  std::string ignored_;
};

}  // namespace cpi::value
