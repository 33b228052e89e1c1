// What a single text surely is: the types as which it can be taken without a guess and without a loss, whatever their
// converters accept beyond that ("007" is an integer for PostgreSQL, and a code for whoever wrote it). The rules of
// `types: infer`, for whole columns (infer.h) and for the values of later files.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/value/converter.h"
#include "core/value/format.h"
#include "core/value/number_text.h"
#include "core/value/temporal.h"

namespace cpi::value {

/// One bit per type that inference gives.
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
  kWholeNumbers = kInteger | kBigint | kNumeric,
  kNumbers = kWholeNumbers | kDouble,
  kZoneless = kDate | kTimestamp,
  kTimes = kZoneless | kTimestamptz,
  kAllCandidates = kBoolean | kNumbers | kTimes | kUuid,
};

/// The type behind a single bit, as every PostgreSQL's catalog has it.
const ColumnType& candidate_type(Candidate candidate);
/// All of them, a bit each, in the order of the bits.
inline constexpr int kCandidates = 9;
/// The bit of a type that is spelled as DDL writes it; 0 for a type that inference does not give.
unsigned candidate_called(std::string_view type);

/// What else is seen of a text, a bit each.
enum Trait : unsigned {
  kDigits = 1,        ///< a number or a date that is not only NaN or infinity
  kFloating = 2,      ///< an exponent or an infinity
  kFraction = 4,      ///< a decimal point
  kBareExponent = 8,  ///< "1E5", which may as well be a code
  kWholeWord = 16,    ///< "true" or "false", which can be nothing but a boolean
  kTrueWord = 32,     ///< "t", or a word of true_values
  kFalseWord = 64,    ///< "f", or a word of false_values
  kOtherWord = 128,   ///< none of these: "yes", "N"
};

/// What a text looks like. Of a type that is not asked for nothing is said.
struct Look {
  unsigned sure = 0;       ///< the types that it surely has, if their converters take it
  unsigned traits = 0;     ///< of the types asked for
  bool in_double = false;  ///< no need to ask: the converter of double precision takes it
};

/// The rules of one format. Immutable.
class Sureness {
 public:
  explicit Sureness(const Format& format);

  /// Looks at a non-NULL value, as far as the types in `asked` need it.
  Look look(std::string_view text, unsigned asked) const;

  /// Those types of `sure` that PostgreSQL would write back in the very letters of `text`. Two such texts are equal
  /// exactly if the stored values are, which keys need. None is a boolean or a double, and a number is whole: "1.1" and
  /// "1.10" may be different keys.
  unsigned as_written(std::string_view text, unsigned sure) const;

 private:
  void look_at_boolean(std::string_view word, Look& look) const;
  void look_at_number(std::string_view text, unsigned asked, Look& look) const;
  void look_at_time(std::string_view text, Look& look) const;

  bool dates_have_format_;
  bool date_order_given_;
  std::vector<std::string> true_words_;  ///< of the config, folded
  std::vector<std::string> false_words_;
  std::optional<NumberText> numbers_;
  std::optional<TemporalReader> times_;
};

/// The converter of a column whose type cpi inferred, for files of which not every value fits: it takes what is surely
/// of the type, and rejects what its usual converter would take by a guess or with a loss. With `as_written` (keys) it
/// also rejects what PostgreSQL would write in other letters. Fails as make_converter does.
Result<std::unique_ptr<Converter>> make_sure_converter(const ColumnType& type, const Format& format, bool as_written);

}  // namespace cpi::value
