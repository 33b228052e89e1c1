#include "core/value/sure.h"

#include <fast_float/fast_float.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <initializer_list>

#include "core/text/fold.h"
#include "core/value/calendar.h"
#include "core/value/message.h"
#include "core/value/text_scan.h"
#include "core/value/type_oid.h"

namespace cpi::value {

namespace {

const ColumnType kTypes[kCandidates] = {
    {kBoolOid, -1, "boolean"},
    {kInt4Oid, -1, "integer"},
    {kInt8Oid, -1, "bigint"},
    {kNumericOid, -1, "numeric"},
    {kFloat8Oid, -1, "double precision"},
    {kDateOid, -1, "date"},
    {kTimestampOid, -1, "timestamp without time zone"},
    {kTimestamptzOid, -1, "timestamp with time zone"},
    {kUuidOid, -1, "uuid"},
};

/// The parts of a number that matter here.
struct NumberShape {
  bool number = false;  ///< digits with an optional sign, point and exponent: no leading zeros, no '+'
  bool nan = false;
  bool infinity = false;
  bool fraction = false;
  bool exponent = false;
  int significant = 0;  ///< digits without the zeros at both ends
  int length = 0;       ///< all digits before the exponent
};

NumberShape shape_of_number(std::string_view text) {
  NumberShape shape;
  std::string_view rest = trim(text);
  if (rest.starts_with('-')) rest.remove_prefix(1);
  shape.nan = is_word(rest, "nan");
  shape.infinity = is_word(rest, "inf") || is_word(rest, "infinity");
  if (shape.nan || shape.infinity) return shape;
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

/// Whether PostgreSQL takes the word for a boolean, in full or as a letter: "tru" is nobody's word.
bool is_boolean_word(std::string_view word) {
  return is_any_of(word, {"true", "false", "t", "f", "yes", "no", "y", "n", "on", "off"});
}

/// The date in a date and time: what comes before the "T" or the blank.
std::string_view date_part(std::string_view word) {
  const auto end = std::find_if(word.begin(), word.end(), [](char c) { return to_lower(c) == 't' || is_blank(c); });
  return word.substr(0, static_cast<std::size_t>(end - word.begin()));
}

/// Whether a point in time loses nothing of what is written: no more than microseconds, and no hour 24 or second 60,
/// which the server stores as the minute after.
bool is_exact_time(std::string_view word, const DateTime& value) {
  if (value.microseconds >= kMicrosecondsPerDay) return false;
  if (!value.has_time) return true;
  const std::string_view time = word.substr(date_part(word).size());
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

/// Whether a date is spelled as nothing but a date is, where nobody said how dates are written: the century of
/// "12-31-99" would be a guess, and "1234-5-6" and "2024.1.2" are codes and versions as well.
bool is_unmistakable(std::string_view date) {
  constexpr int kFields = 3;
  constexpr int kYearDigits = 4;
  constexpr int kPackedDigits = 8;
  // 2024-01-05, as nearly all are written: its fields are known to be digits.
  if (date.size() == 10 && !is_digit(date[4]) && !is_digit(date[7])) [[likely]]
    return true;
  int digits[kFields] = {};
  int fields = 0;
  bool within = false;
  for (const char c : date) {
    if (is_digit(c)) {
      if (!within && fields++ == kFields) return false;
      ++digits[fields - 1];
    }
    within = is_digit(c);
  }
  if (fields == 1) return digits[0] >= kPackedDigits;
  if (fields < kFields) return false;
  if (digits[0] >= kYearDigits) return digits[1] == 2 && digits[2] == 2;
  return digits[2] >= kYearDigits;
}

/// Whether the century need not be guessed, where the order of the fields is said.
bool has_full_year(std::string_view date) {
  constexpr int kYearDigits = 4;
  int digits = 0;
  for (const char c : date) {
    digits = is_digit(c) ? digits + 1 : 0;
    if (digits == kYearDigits) return true;
  }
  return false;
}

void append_padded(std::string& text, std::int64_t value, std::size_t width) {
  const std::string digits = std::to_string(value);
  if (digits.size() < width) text.append(width - digits.size(), '0');
  text += digits;
}

/// As PostgreSQL writes a date, or with `time` a timestamp, under DateStyle ISO. Years before the first are left out.
std::string written_time(const DateTime& value, bool time) {
  if (value.kind == DateTime::Kind::kInfinity) return "infinity";
  if (value.kind == DateTime::Kind::kMinusInfinity) return "-infinity";
  const CivilDate date = civil_date(value.days);
  std::string text;
  append_padded(text, date.year, 4);
  append_padded(text += '-', date.month, 2);
  append_padded(text += '-', date.day, 2);
  if (!time) return text;
  const std::int64_t seconds = value.microseconds / kMicrosecondsPerSecond;
  append_padded(text += ' ', seconds / 3600, 2);
  append_padded(text += ':', seconds / 60 % 60, 2);
  append_padded(text += ':', seconds % 60, 2);
  if (const std::int64_t fraction = value.microseconds % kMicrosecondsPerSecond; fraction != 0) {
    append_padded(text += '.', fraction, 6);
    while (text.ends_with('0')) text.pop_back();
  }
  return text;
}

bool is_written_whole_number(std::string_view text) {
  if (text == "0") return true;
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && text[0] != '0' && std::all_of(text.begin(), text.end(), is_digit);
}

std::vector<std::string> folded_words(const std::vector<std::string>& words) {
  std::vector<std::string> folded;
  folded.reserve(words.size());
  for (const std::string& word : words) folded.push_back(text::fold_case(trim(word)));
  return folded;
}

class SureConverter final : public Converter {
 public:
  SureConverter(std::unique_ptr<Converter> inner, const ColumnType& type, const Format& format, bool as_written)
      : inner_(std::move(inner)),
        sureness_(format),
        type_(type.name),
        candidate_(candidate_called(type.name)),
        as_written_(as_written) {}

  Verdict write(std::string_view text, CopyBuffer& out, std::string& why) const override {
    const std::size_t before = out.size();
    const Verdict verdict = inner_->write(text, out, why);
    if (verdict == Verdict::kReject) return verdict;
    const unsigned sure = sureness_.look(text, candidate_).sure & candidate_;
    if (verdict == Verdict::kOk && sure != 0) {
      if (!as_written_ || sureness_.as_written(text, sure) != 0) [[likely]]
        return verdict;
      why = "the key " + quote_value(text) + " is not spelled as PostgreSQL writes " + type_ +
            ": it would be the same as the key that is; make the column text to tell spellings apart";
    } else {
      why = "value " + quote_value(text) + " would be changed, or its meaning be guessed, in type " + type_ +
            ", which was inferred for the column; make the column text to keep it";
    }
    out.truncate(before);
    return Verdict::kReject;
  }

  std::string_view staging_type() const override { return inner_->staging_type(); }
  bool needs_cast() const override { return inner_->needs_cast(); }
  bool is_canonical() const override { return inner_->is_canonical(); }

 private:
  std::unique_ptr<Converter> inner_;
  Sureness sureness_;
  std::string type_;
  unsigned candidate_;
  bool as_written_;
};

}  // namespace

const ColumnType& candidate_type(Candidate candidate) { return kTypes[std::countr_zero(unsigned{candidate})]; }

unsigned candidate_called(std::string_view type) {
  for (int i = 0; i < kCandidates; ++i) {
    if (kTypes[i].name == type) return 1U << i;
  }
  return 0;
}

Sureness::Sureness(const Format& format)
    : dates_have_format_(!format.date_format.empty()),
      date_order_given_(format.date_order_given),
      true_words_(folded_words(format.true_values)),
      false_words_(folded_words(format.false_values)) {
  // Where the format makes no sense nothing is sure: the loader will say why.
  if (auto made = NumberText::make(format); made.ok()) numbers_ = std::move(*made);
  if (auto made = TemporalReader::make("date", format); made.ok()) times_ = std::move(*made);
}

Look Sureness::look(std::string_view text, unsigned asked) const {
  Look look;
  if (asked & kNumbers) look_at_number(text, asked, look);
  if (asked & kTimes) look_at_time(text, look);
  if (asked & kBoolean) look_at_boolean(trim(text), look);
  // 32 digits without hyphens may as well be a checksum, which would come back with hyphens.
  constexpr std::size_t kUsualLength = 36;
  if ((asked & kUuid) && text.size() == kUsualLength && text[8] == '-' && text[13] == '-' && text[18] == '-' &&
      text[23] == '-') {
    look.sure |= kUuid;
  }
  return look;
}

void Sureness::look_at_boolean(std::string_view word, Look& look) const {
  const auto listed = [&](const std::vector<std::string>& words) {
    return !words.empty() && std::find(words.begin(), words.end(), text::fold_case(word)) != words.end();
  };
  unsigned traits = 0;
  if (is_any_of(word, {"true", "false"})) traits |= kWholeWord;
  if (is_word(word, "t") || listed(true_words_)) traits |= kTrueWord;
  if (is_word(word, "f") || listed(false_words_)) traits |= kFalseWord;
  // 0 and 1 are integers, if nobody lists them.
  if (traits != 0 || is_boolean_word(word)) look.sure |= kBoolean;
  look.traits |= traits != 0 ? traits : unsigned{kOtherWord};
}

void Sureness::look_at_number(std::string_view text, unsigned asked, Look& look) const {
  std::string_view plain = text;
  char buffer[kLongestNumber];
  if (!numbers_) return;
  if (!numbers_->is_plain()) {
    const auto converted = numbers_->to_plain(text, buffer);
    if (!converted) return;
    plain = *converted;
  }
  const NumberShape shape = shape_of_number(plain);
  if (!shape.number && !shape.nan && !shape.infinity) return;
  if (shape.number) look.traits |= kDigits;
  if (shape.exponent || shape.infinity) look.traits |= kFloating;
  if (shape.fraction) look.traits |= kFraction;
  if (shape.exponent && !shape.fraction) look.traits |= kBareExponent;
  look.sure |= shape.number && !shape.fraction && !shape.exponent ? kWholeNumbers : kNumeric;
  if (asked & kDouble) {
    look.in_double =
        shape.number && !shape.exponent && shape.significant <= kDigitsOfDouble && shape.length < kSafeLength;
    if (look.in_double || !shape.number || shape.significant <= kDigitsOfDouble || is_exact_as_double(plain)) {
      look.sure |= kDouble;
    }
  }
}

void Sureness::look_at_time(std::string_view text, Look& look) const {
  if (!times_) return;
  DateTime value;
  std::string ignored;
  if (times_->read(text, value, ignored) != Verdict::kOk) return;
  if (value.kind != DateTime::Kind::kFinite) {
    look.sure |= kTimes;
    return;
  }
  const std::string_view word = trim(text);
  if (!dates_have_format_) {
    // Digits in a row are a number or a code, unless a date_format says that dates are written so.
    if (std::all_of(word.begin(), word.end(), is_digit)) return;
    if (date_order_given_ ? !has_full_year(date_part(word)) : !is_unmistakable(date_part(word))) return;
    if (!is_exact_time(word, value)) return;
  }
  look.traits |= kDigits;
  if (value.has_zone) {
    if (value.has_time) look.sure |= kTimestamptz;
    return;
  }
  look.sure |= value.has_time ? kTimestamp : kZoneless;
}

unsigned Sureness::as_written(std::string_view text, unsigned sure) const {
  unsigned written = 0;
  if ((sure & kWholeNumbers) && is_written_whole_number(text)) written |= sure & kWholeNumbers;
  if ((sure & kZoneless) && times_) {
    DateTime value;
    std::string ignored;
    if (times_->read(text, value, ignored) == Verdict::kOk) {
      if ((sure & kDate) && written_time(value, false) == text) written |= kDate;
      if ((sure & kTimestamp) && written_time(value, true) == text) written |= kTimestamp;
    }
  }
  if ((sure & kUuid) && std::none_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; })) {
    written |= kUuid;
  }
  return written;
}

Result<std::unique_ptr<Converter>> make_sure_converter(const ColumnType& type, const Format& format, bool as_written) {
  Result<std::unique_ptr<Converter>> inner = make_converter(type, format);
  if (!inner) return inner.error();
  return {std::make_unique<SureConverter>(std::move(*inner), type, format, as_written)};
}

}  // namespace cpi::value
