// Every converter on any text: no crash, no hang, and what it accepts is a well-formed COPY BINARY field: a length word
// and as many bytes, of the size that the type has. A refusal appends nothing and says why. Numbers in PostgreSQL's own
// spelling are also read by the C library, or digit by digit: what is stored must be that, and nothing that it reads
// may be refused. (Every type is held against a real server by tests/unit/core/value/server_agreement_pgtest.cpp.) What
// is inferred of the text's lines takes all of them, whole numbers come back as they were written, and no two keys are
// stored as one. The first byte chooses the type, the second the format.
#include <algorithm>
#include <bit>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/text/utf8.h"
#include "core/value/converter.h"
#include "core/value/infer.h"
#include "core/value/type_oid.h"

namespace {

namespace value = cpi::value;

struct Type {
  value::ColumnType type;
  int bytes;  ///< of a value; 0: any number
};

/// A shape of these parts; without any, of a plain type.
std::shared_ptr<const value::Shape> shape(value::Shape::Kind kind, std::uint32_t oid,
                                          std::vector<std::shared_ptr<const value::Shape>> parts = {}) {
  value::Shape made;
  made.kind = kind;
  made.oid = oid;
  made.parts = std::move(parts);
  return std::make_shared<const value::Shape>(std::move(made));
}

using Kind = value::Shape::Kind;
const auto kRow = shape(Kind::kRow, 20000,
                        {shape(Kind::kPlain, value::kInt4Oid), shape(Kind::kPlain, value::kNumericOid),
                         shape(Kind::kPlain, value::kDateOid), shape(Kind::kPlain, value::kMoneyOid)});
const auto kRange = shape(Kind::kRange, 3910, {shape(Kind::kPlain, value::kTimestamptzOid)});

const Type kTypes[] = {
    {{value::kBoolOid, -1, "boolean"}, 1},
    {{value::kInt2Oid, -1, "smallint"}, 2},
    {{value::kInt4Oid, -1, "integer"}, 4},
    {{value::kInt8Oid, -1, "bigint"}, 8},
    {{value::kOidOid, -1, "oid"}, 4},
    {{value::kFloat4Oid, -1, "real"}, 4},
    {{value::kFloat8Oid, -1, "double precision"}, 8},
    {{value::kNumericOid, -1, "numeric"}, 0},
    {{value::kNumericOid, ((10 << 16) | 2) + 4, "numeric(10,2)"}, 0},
    {{value::kDateOid, -1, "date"}, 4},
    {{value::kTimestampOid, -1, "timestamp without time zone"}, 8},
    {{value::kTimestampOid, 3, "timestamp(3) without time zone"}, 8},
    {{value::kTimestamptzOid, -1, "timestamp with time zone"}, 8},
    {{value::kUuidOid, -1, "uuid"}, 16},
    {{value::kTextOid, -1, "text"}, 0},
    {{value::kVarcharOid, 9, "character varying(5)"}, 0},
    {{value::kBpcharOid, 9, "character(5)"}, 0},
    {{114, -1, "json"}, 0},
    {{value::kMoneyOid, -1, "money"}, 0},
    {{1186, -1, "interval"}, 0},
    {{1266, -1, "timetz"}, 0},
    {{20001, -1, "row[]", shape(Kind::kArray, 20001, {kRow})}, 0},
    {{4534, -1, "tstzmultirange", shape(Kind::kMultirange, 4534, {kRange})}, 0},
};

value::Format format_of(std::uint8_t choice) {
  value::Format format;
  format.date_order = static_cast<value::DateOrder>(choice % 3);
  format.date_order_given = (choice & 4) != 0;
  if ((choice & 8) != 0) {
    format.decimal_separator = ',';
    format.thousands_separator = ".";
  }
  if ((choice & 16) != 0) format.timezone = "Europe/Berlin";
  if ((choice & 32) != 0) format.date_format = "DD.MM.YYYY HH24:MI";
  if ((choice & 64) != 0) {
    format.true_values = {"ja", "x"};
    format.false_values = {"nein", ""};
  }
  return format;
}

std::uint32_t length_word(const char* at) {
  std::uint32_t word = 0;
  for (int i = 0; i < 4; ++i) word = word << 8 | static_cast<std::uint8_t>(at[i]);
  return word;
}

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<std::uint8_t>(c);
  return value;
}

std::string_view trimmed(std::string_view text) {
  constexpr const char* kBlanks = " \t\n\v\f\r";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

void demand(bool holds) {
  if (!holds) std::abort();
}

/// A text made of a sign, digits and perhaps a point.
struct Decimal {
  bool is_one = false;
  bool negative = false;
  std::string integer;   ///< without leading zeros
  std::string fraction;  ///< as written
};

Decimal take_apart(std::string_view text) {
  Decimal decimal;
  if (text.starts_with('-') || text.starts_with('+')) {
    decimal.negative = text[0] == '-';
    text.remove_prefix(1);
  }
  const std::size_t point = text.find('.');
  const std::string_view integer = text.substr(0, point);
  const std::string_view fraction = point == std::string_view::npos ? std::string_view() : text.substr(point + 1);
  const auto digits = [](std::string_view part) {
    return part.find_first_not_of("0123456789") == std::string_view::npos;
  };
  decimal.is_one = digits(integer) && digits(fraction) && !(integer.empty() && fraction.empty());
  decimal.integer = integer.substr(std::min(integer.find_first_not_of('0'), integer.size()));
  decimal.fraction = fraction;
  if (decimal.integer.empty() && fraction.find_first_not_of('0') == std::string_view::npos) decimal.negative = false;
  return decimal;
}

/// The digits of a stored numeric.
Decimal stored_numeric(std::string_view payload) {
  const auto word = [&](std::size_t at) { return static_cast<std::int16_t>(big_endian(payload.substr(at, 2))); };
  Decimal decimal;
  decimal.is_one = true;
  decimal.negative = (static_cast<std::uint16_t>(word(4)) & 0x4000) != 0;
  const int count = word(0);
  const int weight = word(2);
  const int scale = word(6);
  for (int power = std::max(weight, 0); power >= -((scale + 3) / 4); --power) {  // of 10000
    const int group = weight - power;
    std::string four = std::to_string(group >= 0 && group < count ? word(8 + 2 * static_cast<std::size_t>(group)) : 0);
    four.insert(0, 4 - four.size(), '0');
    (power >= 0 ? decimal.integer : decimal.fraction) += four;
  }
  decimal.integer.erase(0, std::min(decimal.integer.find_first_not_of('0'), decimal.integer.size()));
  decimal.fraction.resize(static_cast<std::size_t>(scale), '0');
  return decimal;
}

void check_whole_number(std::string_view text, int bytes, value::Verdict verdict, std::string_view payload) {
  const Decimal decimal = take_apart(text);
  if (!decimal.is_one || text.find('.') != std::string_view::npos) return demand(verdict != value::Verdict::kOk);
  errno = 0;
  const long long number = std::strtoll(std::string(text).c_str(), nullptr, 10);
  const int spare = 64 - 8 * bytes;
  const bool fits =
      errno == 0 && static_cast<long long>(static_cast<std::uint64_t>(number) << spare) >> spare == number;
  demand((verdict == value::Verdict::kOk) == fits);
  if (fits) demand(big_endian(payload) == static_cast<std::uint64_t>(number) << spare >> spare);
}

void check_float(std::string_view text, int bytes, value::Verdict verdict, std::string_view payload) {
  if (text.empty() || text.find_first_not_of("0123456789+-.eE") != std::string_view::npos) return;
  const std::string copy(text);
  char* end = nullptr;
  const double wide = std::strtod(copy.c_str(), &end);
  const double number = bytes == 4 ? std::strtof(copy.c_str(), &end) : wide;
  if (*end != '\0') return demand(verdict != value::Verdict::kOk);
  const bool lost =
      std::isinf(number) ||
      (number == 0 && copy.substr(0, copy.find_first_of("eE")).find_first_of("123456789") != std::string::npos);
  demand((verdict == value::Verdict::kOk) == !lost);
  if (lost) return;
  demand(big_endian(payload) == (bytes == 4 ? std::bit_cast<std::uint32_t>(static_cast<float>(number))
                                            : std::bit_cast<std::uint64_t>(number)));
}

void check_numeric(std::string_view text, value::Verdict verdict, std::string_view payload) {
  const Decimal expected = take_apart(text);
  constexpr std::size_t kSurelyTaken = 1000;
  if (!expected.is_one || text.size() > kSurelyTaken) return;
  demand(verdict == value::Verdict::kOk);
  const Decimal stored = stored_numeric(payload);
  demand(stored.negative == expected.negative && stored.integer == expected.integer &&
         stored.fraction == expected.fraction);
}

/// The payload that `converter` makes; `bytes` is the size that it must have; 0: any.
std::string check(const value::Converter& converter, std::string_view text, int bytes,
                  value::Verdict* answer = nullptr) {
  constexpr std::string_view kBefore = "before";
  value::CopyBuffer out;
  out.put_bytes(kBefore);
  std::string why;
  const value::Verdict verdict = converter.write(text, out, why);
  if (answer != nullptr) *answer = verdict;
  const std::size_t written = out.size() - kBefore.size();
  demand(std::string_view(out.data(), kBefore.size()) == kBefore);
  if (verdict != value::Verdict::kOk) {
    demand(written == 0);
    demand(verdict != value::Verdict::kReject || (!why.empty() && cpi::text::valid_utf8(why)));
    return {};
  }
  demand(written >= 4 && length_word(out.data() + kBefore.size()) == written - 4);
  demand(bytes == 0 || written - 4 == static_cast<std::size_t>(bytes));
  return {out.data() + kBefore.size() + 4, written - 4};
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

/// What is inferred of a column takes every value that it was inferred from.
void check_inference(std::string_view text, const value::Format& format, bool plain) {
  const std::vector<std::string_view> values = lines_of(text);
  value::Inference inference(1, format);
  for (const std::string_view one : values) inference.observe(0, one);
  const std::string inferred = inference.types().at(0);
  demand(inference.fits(0, inferred));
  const auto* type =
      std::find_if(std::begin(kTypes), std::end(kTypes), [&](const Type& one) { return one.type.name == inferred; });
  demand(type != std::end(kTypes));
  const auto converter = value::make_converter(type->type, format);
  demand(converter.ok());
  for (const std::string_view one : values) {
    value::Verdict verdict{};
    const std::string payload = check(**converter, one, type->bytes, &verdict);
    demand(verdict == value::Verdict::kOk);
    if (!plain || (inferred != "integer" && inferred != "bigint")) continue;
    const int spare = 64 - 8 * type->bytes;
    const auto number = static_cast<std::int64_t>(big_endian(payload) << spare) >> spare;
    demand(std::to_string(number) == trimmed(one) || trimmed(one) == "-0");
  }
}

/// Of a key also that no two of its spellings are stored as one value.
void check_key_inference(std::string_view text, const value::Format& format) {
  const std::vector<std::string_view> values = lines_of(text);
  value::Inference inference(std::vector<value::Watched>{{.as_written = true, .beside = {}}}, format);
  for (const std::string_view one : values) inference.observe(0, one);
  const auto converter = value::make_sure_converter(value::inferred_type(inference.type(0)), format, true);
  if (inference.type(0) == "text") return;
  demand(converter.ok());
  std::map<std::string, std::string_view> stored;
  for (const std::string_view one : values) {
    value::CopyBuffer out;
    std::string why;
    demand((*converter)->write(one, out, why) == value::Verdict::kOk);
    const auto [other, fresh] = stored.emplace(std::string(out.bytes().begin(), out.bytes().end()), one);
    demand(fresh || other->second == one);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const Type& chosen = kTypes[data[0] % std::size(kTypes)];
  const value::Format format = format_of(data[1]);
  std::string text(reinterpret_cast<const char*>(data + 2), size - 2);
  // A converter is promised UTF-8 without NUL bytes.
  if (!cpi::text::valid_utf8(text) || text.find('\0') != std::string::npos) {
    for (char& c : text) c = static_cast<char>(1 + static_cast<std::uint8_t>(c) % 126);
  }
  const bool plain = format.decimal_separator == '.' && format.thousands_separator.empty();
  if (const auto converter = value::make_converter(chosen.type, format); converter.ok()) {
    value::Verdict verdict{};
    const std::string payload = check(**converter, text, (*converter)->needs_cast() ? 0 : chosen.bytes, &verdict);
    const std::uint32_t oid = chosen.type.oid;
    if (plain && (oid == value::kInt2Oid || oid == value::kInt4Oid || oid == value::kInt8Oid)) {
      check_whole_number(trimmed(text), chosen.bytes, verdict, payload);
    }
    if (plain && (oid == value::kFloat4Oid || oid == value::kFloat8Oid)) {
      check_float(trimmed(text), chosen.bytes, verdict, payload);
    }
    if (plain && oid == value::kNumericOid && chosen.type.typmod < 0) check_numeric(trimmed(text), verdict, payload);
  }
  if (const auto staging = value::make_text_staging_converter(chosen.type, format); staging.ok()) {
    check(**staging, text, 0);
  }
  check_inference(text, format, plain);
  check_key_inference(text, format);
  return 0;
}
