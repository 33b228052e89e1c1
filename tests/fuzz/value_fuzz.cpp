// Every converter on any text: no crash, no hang, and what it accepts is a well-formed COPY BINARY field: a length word
// and as many bytes, of the size that the type has. A refusal appends nothing and says why. The first byte chooses the
// type, the second the format.
#include <cstdint>
#include <cstdlib>
#include <string>

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

/// `bytes` is the size that the payload must have; 0: any.
void check(const value::Converter& converter, std::string_view text, int bytes) {
  constexpr std::string_view kBefore = "before";
  value::CopyBuffer out;
  out.put_bytes(kBefore);
  std::string why;
  const value::Verdict verdict = converter.write(text, out, why);
  const std::size_t written = out.size() - kBefore.size();
  if (std::string_view(out.data(), kBefore.size()) != kBefore) std::abort();
  if (verdict != value::Verdict::kOk) {
    if (written != 0) std::abort();
    if (verdict == value::Verdict::kReject && (why.empty() || !cpi::text::valid_utf8(why))) std::abort();
    return;
  }
  if (written < 4 || length_word(out.data() + kBefore.size()) != written - 4) std::abort();
  if (bytes > 0 && written - 4 != static_cast<std::size_t>(bytes)) std::abort();
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
  if (const auto converter = value::make_converter(chosen.type, format); converter.ok()) {
    check(**converter, text, (*converter)->needs_cast() ? 0 : chosen.bytes);
  }
  if (const auto staging = value::make_text_staging_converter(chosen.type, format); staging.ok()) {
    check(**staging, text, 0);
  }
  value::Inference inference(1, format);
  inference.observe(0, text);
  // The type that is inferred takes the value that it was inferred from.
  const std::string inferred = inference.types().at(0);
  for (const Type& one : kTypes) {
    if (one.type.name != inferred) continue;
    const auto converter = value::make_converter(one.type, format);
    value::CopyBuffer out;
    std::string why;
    if (!converter.ok() || (*converter)->write(text, out, why) != value::Verdict::kOk) std::abort();
    return 0;
  }
  std::abort();
}
