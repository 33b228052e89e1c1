// See infer.h. Two questions per value: does it look so much like the type that nothing is guessed (decided here), and
// does the type's converter take it (asked of the converter itself, so that the two can never disagree)?
//
// A value that a narrower number type takes is taken by every wider one, so only the narrowest candidate is asked.
#include "core/value/infer.h"

#include <fast_float/fast_float.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <optional>

#include "core/text/fold.h"
#include "core/value/calendar.h"
#include "core/value/converter.h"
#include "core/value/number_text.h"
#include "core/value/temporal.h"
#include "core/value/text_scan.h"
#include "core/value/type_oid.h"

namespace cpi::value {

namespace {

struct NamedType {
  std::string_view name;
  std::uint32_t oid;
};

/// In the order of the bits of Inference::Candidate.
constexpr NamedType kTypes[] = {
    {"boolean", kBoolOid},
    {"integer", kInt4Oid},
    {"bigint", kInt8Oid},
    {"numeric", kNumericOid},
    {"double precision", kFloat8Oid},
    {"date", kDateOid},
    {"timestamp without time zone", kTimestampOid},
    {"timestamp with time zone", kTimestamptzOid},
    {"uuid", kUuidOid},
};

/// The parts of a number that inference looks at.
struct NumberShape {
  bool number = false;   ///< digits with an optional sign, point and exponent: no leading zeros, no '+'
  bool special = false;  ///< NaN or an infinity
  bool fraction = false;
  bool exponent = false;
  int significant = 0;  ///< digits without the zeros at both ends
  int length = 0;       ///< all digits before the exponent
};

NumberShape shape_of_number(std::string_view text) {
  NumberShape shape;
  std::string_view rest = trim(text);
  if (rest.starts_with('-')) rest.remove_prefix(1);
  if (is_word(rest, "nan") || is_word(rest, "inf") || is_word(rest, "infinity")) {
    shape.special = true;
    return shape;
  }
  // "007" is a code and "+49" a telephone number; "1." may be the first of a list.
  if (rest.size() > 1 && rest[0] == '0' && is_digit(rest[1])) return shape;
  int zeros = 0;
  std::size_t at = 0;
  for (; at < rest.size(); ++at) {
    if (rest[at] == '.' && !shape.fraction) {
      shape.fraction = true;
      continue;
    }
    if (!is_digit(rest[at])) break;
    ++shape.length;
    if (rest[at] != '0') {
      shape.significant += zeros + 1;
      zeros = 0;
    } else if (shape.significant > 0) {
      ++zeros;
    }
  }
  if (at == 0 || !is_digit(rest[at - 1])) return shape;
  if (at < rest.size() && to_lower(rest[at]) == 'e') {
    shape.exponent = true;
    if (++at < rest.size() && (rest[at] == '+' || rest[at] == '-')) ++at;
    const std::size_t first = at;
    while (at < rest.size() && is_digit(rest[at])) ++at;
    if (at == first) return shape;
  }
  shape.number = at == rest.size();
  return shape;
}

/// Whether a double keeps the number to its last digit: its shortest spelling has the same significant digits.
bool is_exact_as_double(std::string_view number) {
  number = trim(number);
  double value = 0;
  fast_float::from_chars(number.data(), number.data() + number.size(), value);
  char shortest[40];
  const auto written = std::to_chars(shortest, shortest + sizeof shortest, value, std::chars_format::scientific);
  const auto significant_digits = [](std::string_view text) {
    std::string digits;
    for (const char c : text) {
      if (to_lower(c) == 'e') break;
      if (is_digit(c) && (c != '0' || !digits.empty())) digits += c;
    }
    while (digits.ends_with('0')) digits.pop_back();
    return digits;
  };
  return significant_digits(number) == significant_digits({shortest, static_cast<std::size_t>(written.ptr - shortest)});
}

constexpr int kDigitsOfDouble = 15;  // every decimal of so many digits survives the way through a double
constexpr int kSafeLength = 300;     // and of so many digits before the exponent is in its range

bool is_any_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view candidate) { return is_word(word, candidate); });
}

/// Whether a point in time loses nothing of what is written: no more than microseconds, and no hour 24 or second 60,
/// which the server stores as the minute after.
bool is_exact_time(std::string_view text, const DateTime& value) {
  if (value.microseconds >= kMicrosecondsPerDay) return false;
  if (!value.has_time) return true;
  const std::string_view time = text.substr(std::min(text.find_first_of("Tt "), text.size()));
  constexpr std::size_t kPackedSeconds = 5;  // in "T101112"
  if (time.find(":60") != std::string_view::npos) return false;
  if (time.find(':') == std::string_view::npos && time.substr(std::min(kPackedSeconds, time.size())).starts_with("60"))
    return false;
  const std::size_t point = time.find('.');
  if (point == std::string_view::npos) return true;
  std::size_t end = point + 1;
  while (end < time.size() && is_digit(time[end])) ++end;
  while (time[end - 1] == '0') --end;
  constexpr std::size_t kMicrosecondDigits = 6;
  return end - point - 1 <= kMicrosecondDigits;
}

/// Whether the year is written in full: "12-31-99" may be a code, and its century would be a guess.
bool has_full_year(std::string_view text) {
  constexpr int kYearDigits = 4;
  int digits = 0;
  for (const char c : text.substr(0, text.find(':'))) {
    digits = is_digit(c) ? digits + 1 : 0;
    if (digits == kYearDigits) return true;
  }
  return false;
}

}  // namespace

struct Inference::Judges {
  explicit Judges(const Format& given) : format(given) {
    // A converter that the format does not allow (an unknown time zone, say) takes no value: the loader will say why.
    for (std::size_t i = 0; i < std::size(kTypes); ++i) {
      if (auto made = make_converter({kTypes[i].oid, -1, {}}, format); made.ok()) converters[i] = std::move(*made);
    }
    for (const std::string& word : given.true_values) true_words.push_back(text::fold_case(trim(word)));
    for (const std::string& word : given.false_values) false_words.push_back(text::fold_case(trim(word)));
    if (auto made = NumberText::make(given); made.ok()) numbers = std::move(*made);
    if (auto made = TemporalReader::make("date", given); made.ok()) times = std::move(*made);
  }

  static std::size_t index(Candidate candidate) {
    return static_cast<std::size_t>(std::countr_zero(unsigned{candidate}));
  }

  Format format;
  std::array<std::unique_ptr<Converter>, std::size(kTypes)> converters;
  std::vector<std::string> true_words;  ///< of the config, folded
  std::vector<std::string> false_words;
  std::optional<NumberText> numbers;
  std::optional<TemporalReader> times;
};

Inference::Inference(std::size_t columns, const Format& format, Misfits misfits)
    : columns_(columns), misfits_(misfits), judges_(std::make_unique<Judges>(format)) {}
Inference::Inference(Inference&&) noexcept = default;
Inference& Inference::operator=(Inference&&) noexcept = default;
Inference::~Inference() = default;

bool Inference::accepts(Candidate candidate, std::string_view text) {
  const auto& converter = judges_->converters[Judges::index(candidate)];
  scratch_.clear();
  return converter && converter->write(text, scratch_, ignored_) == Verdict::kOk;
}

void Inference::observe(std::size_t index, std::string_view text) {
  Column& column = columns_[index];
  column.seen = true;
  const unsigned asked = column.possible | (misfits_ == Misfits::kReject ? column.numbers | column.zoneless : 0);
  if (asked == 0) return;
  unsigned allowed = 0;
  if (asked & kNumbers) allowed |= judge_number(column, asked, text);
  if (asked & kTimes) allowed |= judge_time(column, asked, text);
  if (asked & kBoolean) allowed |= judge_boolean(column, trim(text));
  if (asked & kUuid) allowed |= judge_uuid(text);
  column.possible &= allowed;
  if (allowed & kNumbers) column.numbers &= allowed;
  if (allowed & kZoneless) column.zoneless &= allowed;
}

unsigned Inference::judge_boolean(Column& column, std::string_view word) {
  // 0 and 1 are integers, and "tru" is a word that only PostgreSQL knows.
  if (word.empty() || is_digit(word[0]) || is_any_of(word, {"tr", "tru", "fa", "fal", "fals", "ye", "of"})) return 0;
  if (!accepts(kBoolean, word)) return 0;
  column.whole_word |= is_any_of(word, {"true", "false"});
  const auto listed = [&](const std::vector<std::string>& words) {
    return !words.empty() && std::find(words.begin(), words.end(), text::fold_case(word)) != words.end();
  };
  column.true_word |= is_word(word, "t") || listed(judges_->true_words);
  column.false_word |= is_word(word, "f") || listed(judges_->false_words);
  return kBoolean;
}

unsigned Inference::judge_number(Column& column, unsigned asked, std::string_view text) {
  std::string_view plain = text;
  char buffer[kLongestNumber];
  if (!judges_->numbers) return 0;
  if (!judges_->numbers->is_plain()) {
    const auto converted = judges_->numbers->to_plain(text, buffer);
    if (!converted) return 0;
    plain = *converted;
  }
  const NumberShape shape = shape_of_number(plain);
  if (!shape.number && !shape.special) return 0;
  column.digits |= shape.number;
  column.floating |= shape.exponent || shape.special;
  column.fraction |= shape.fraction;
  column.bare_exponent |= shape.exponent && !shape.fraction;

  unsigned allowed = 0;
  const bool integer = shape.number && !shape.fraction && !shape.exponent;
  if (integer && (asked & kInteger) && accepts(kInteger, text)) {
    allowed |= kInteger | kBigint | kNumeric;
  } else if (integer && (asked & kBigint) && accepts(kBigint, text)) {
    allowed |= kBigint | kNumeric;
  } else if ((asked & kNumeric) && accepts(kNumeric, text)) {
    allowed |= kNumeric;
  }
  if (asked & kDouble) {
    const bool sure =
        shape.number && !shape.exponent && shape.significant <= kDigitsOfDouble && shape.length < kSafeLength;
    const bool exact = sure || shape.special || shape.significant <= kDigitsOfDouble || is_exact_as_double(plain);
    if (sure || (exact && accepts(kDouble, text))) allowed |= kDouble;
  }
  return allowed;
}

unsigned Inference::judge_time(Column& column, unsigned asked, std::string_view text) {
  if (!judges_->times) return 0;
  DateTime value;
  if (judges_->times->read(text, value, ignored_) != Verdict::kOk) return 0;
  if (value.kind != DateTime::Kind::kFinite) return kTimes;
  // Digits in a row are a number or a code, unless a date_format says that dates are written so.
  const std::string_view word = trim(text);
  if (judges_->format.date_format.empty()) {
    if (std::all_of(word.begin(), word.end(), is_digit)) return 0;
    if (!judges_->format.date_order_given && !has_full_year(word)) return 0;
    if (!is_exact_time(word, value)) return 0;
  }
  column.digits = true;
  if (value.has_zone) return value.has_time && accepts(kTimestamptz, text) ? unsigned{kTimestamptz} : 0;
  unsigned allowed = value.has_time ? 0 : unsigned{kDate};
  if ((asked & kTimestamp) && accepts(kTimestamp, text)) allowed |= kTimestamp;
  return allowed;
}

unsigned Inference::judge_uuid(std::string_view text) {
  // 32 digits without hyphens may as well be a checksum, which would come back with hyphens.
  constexpr std::size_t kUsualLength = 36;
  const bool usual =
      text.size() == kUsualLength && text[8] == '-' && text[13] == '-' && text[18] == '-' && text[23] == '-';
  return usual && accepts(kUuid, text) ? unsigned{kUuid} : 0;
}

std::string_view Inference::type_of(const Column& column, unsigned possible) {
  if (!column.seen) return "text";
  // Times before numbers: both are possible only where date_format names a spelling of digits alone.
  if (column.digits) {
    if (possible & kDate) return "date";
    if (possible & kTimestamp) return "timestamp without time zone";
    if (possible & kTimestamptz) return "timestamp with time zone";
    if (column.bare_exponent && !column.fraction) return "text";
    if (column.floating && (possible & kDouble)) return "double precision";
    if (possible & kInteger) return "integer";
    if (possible & kBigint) return "bigint";
    if (possible & kNumeric) return "numeric";
  }
  if ((possible & kBoolean) && (column.whole_word || (column.true_word && column.false_word))) return "boolean";
  return possible & kUuid ? "uuid" : "text";
}

unsigned Inference::candidate_called(std::string_view type) {
  for (std::size_t i = 0; i < std::size(kTypes); ++i) {
    if (kTypes[i].name == type) return 1U << i;
  }
  return 0;
}

bool Inference::fits(std::size_t column, std::string_view type) const {
  return type == "text" || (columns_[column].possible & candidate_called(type)) != 0;
}

std::vector<std::string> Inference::types() const {
  std::vector<std::string> types;
  types.reserve(columns_.size());
  for (std::size_t column = 0; column < columns_.size(); ++column) types.push_back(type(column));
  return types;
}

std::string Inference::type(std::size_t column) const {
  return std::string(type_of(columns_[column], columns_[column].possible));
}

std::string Inference::type_beside_misfits(std::size_t column, std::string_view current) const {
  const Column& values = columns_[column];
  const unsigned family = candidate_called(current);
  if (family & kNumbers) return std::string(type_of(values, values.numbers));
  return std::string(family & kZoneless ? type_of(values, values.zoneless) : "text");
}

ColumnType inferred_type(std::string_view name) {
  for (const NamedType& type : kTypes) {
    if (type.name == name) return {type.oid, -1, std::string(name)};
  }
  return {kTextOid, -1, "text"};
}

}  // namespace cpi::value
