// See conversion.h.
#include "unit/core/value/conversion.h"

#include <string>

namespace cpi::value::test {

namespace {

std::string show(const Result<std::unique_ptr<Converter>>& made, std::string_view text, bool as_text) {
  if (!made.ok()) return "config: " + made.error().message;
  CopyBuffer out;
  std::string why;
  switch ((**made).write(text, out, why)) {
    case Verdict::kReject: return "rejected: " + why;
    case Verdict::kAskServer: return "server";
    case Verdict::kOk: break;
  }
  std::string shown = "taken: ";
  for (std::size_t i = 4; i < out.size(); ++i) {
    constexpr char kHex[] = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(out.data()[i]);
    if (as_text) {
      shown += out.data()[i];
    } else {
      shown += kHex[byte >> 4];
      shown += kHex[byte & 15];
    }
  }
  return shown;
}

}  // namespace

std::string convert(const ColumnType& type, const Format& format, std::string_view text) {
  return show(make_converter(type, format), text, false);
}

std::string convert_to_text(const ColumnType& type, const Format& format, std::string_view text) {
  return show(make_text_staging_converter(type, format), text, true);
}

}  // namespace cpi::value::test
