#include "core/text/encoding.h"

#include <unicode/ucnv.h>
#include <unicode/unistr.h>

#include <memory>

#include "core/text/transcoder.h"
#include "core/text/utf8.h"

namespace cpi::text {

namespace {

struct CloseConverter {
  void operator()(UConverter* converter) const { ucnv_close(converter); }
};

constexpr std::string_view kMark = "\xEF\xBB\xBF";

}  // namespace

FileEncoding file_encoding(std::string_view encoding, std::string_view start) {
  const std::string_view marked = encoding_of_mark(start);
  return {std::string(marked.empty() ? encoding : marked), !marked.empty()};
}

Result<std::string> encode(std::string_view utf8, const FileEncoding& encoding) {
  // The one judge of names; it tells the nearest known one.
  if (const auto known = make_transcoder(encoding.name, {}); !known.ok()) return known.error();
  const std::string text = (encoding.marked ? std::string(kMark) : std::string()) + std::string(utf8);
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<UConverter, CloseConverter> converter(ucnv_open(encoding.name.c_str(), &status));
  if (U_SUCCESS(status) != 0 && ucnv_getType(converter.get()) == UCNV_UTF8) return text;
  // Not every encoding can write the question mark in ICU's way of setting it; those keep their own substitute.
  UErrorCode substitute = U_ZERO_ERROR;
  ucnv_setSubstString(converter.get(), u"?", 1, &substitute);
  const auto wide = icu::UnicodeString::fromUTF8(text);
  std::string out(static_cast<std::size_t>(UCNV_GET_MAX_BYTES_FOR_STRING(
                      wide.length(), static_cast<std::int32_t>(ucnv_getMaxCharSize(converter.get())))),
                  '\0');
  const std::int32_t size = ucnv_fromUChars(converter.get(), out.data(), static_cast<std::int32_t>(out.size()),
                                            wide.getBuffer(), wide.length(), &status);
  if (U_FAILURE(status) != 0) {
    return Error{Code::kUnknownEncoding, "the text cannot be written in \"" + encoding.name + "\"", u_errorName(status),
                 ""};
  }
  out.resize(static_cast<std::size_t>(size));
  return out;
}

Result<std::string> decode(std::string_view bytes, std::string_view encoding) {
  const FileEncoding meant = file_encoding(encoding, bytes.substr(0, 4));
  Result<std::unique_ptr<Transcoder>> transcoder = make_transcoder(meant.name, {});
  if (!transcoder.ok()) return transcoder.error();
  std::string out;
  (*transcoder)->convert(bytes, out);
  (*transcoder)->finish(out);
  if (meant.marked && out.starts_with(kMark)) out.erase(0, kMark.size());
  if (!valid_utf8(out)) {
    return Error{Code::kInvalidArgument, "the text holds bytes that are no " + meant.name, "", ""};
  }
  if (out.find('\0') != std::string::npos) {
    return Error{Code::kInvalidArgument, "the text holds a NUL character, read as " + meant.name, "", ""};
  }
  return out;
}

}  // namespace cpi::text
