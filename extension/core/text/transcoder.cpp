#include "core/text/transcoder.h"

#include <unicode/ucnv.h>
#include <unicode/ucnv_cb.h>

#include <array>
#include <cstring>
#include <vector>

#include "core/text/identifier.h"

namespace cpi::text {
namespace {

constexpr std::string_view kForbidden = "\xFF\xFE";
// Stands for a forbidden byte in ICU's UTF-16 output: a low surrogate alone, which no converter produces.
constexpr UChar kForbiddenUnit = 0xDC00;

class Identity final : public Transcoder {
 public:
  void convert(std::string_view bytes, std::string& out) override { out.append(bytes); }
  void finish(std::string&) override {}
  bool is_identity() const override { return true; }
  std::unique_ptr<Transcoder> clone() const override { return std::make_unique<Identity>(); }
  std::vector<Place> places(std::string_view bytes, bool) override {
    std::vector<Place> places(bytes.size());
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      places[i] = {static_cast<std::uint32_t>(i), static_cast<std::int32_t>(i)};
    }
    return places;
  }
};

/// ISO 8859-1: each byte is the code point of the same number.
class Latin1 final : public Transcoder {
 public:
  void convert(std::string_view bytes, std::string& out) override {
    const std::size_t start = out.size();
    out.resize(start + bytes.size() * 2);
    char* at = out.data() + start;
    std::size_t i = 0;
    while (i < bytes.size()) {
      std::uint64_t word = 0;
      while (i + 8 <= bytes.size()) {
        std::memcpy(&word, bytes.data() + i, 8);
        if ((word & 0x8080808080808080U) != 0) break;
        std::memcpy(at, &word, 8);
        at += 8;
        i += 8;
      }
      for (std::size_t end = std::min(bytes.size(), i + 8); i < end; ++i) {
        const auto byte = static_cast<unsigned char>(bytes[i]);
        if (byte < 0x80) {
          *at++ = static_cast<char>(byte);
        } else {
          *at++ = static_cast<char>(0xC0U | (byte >> 6U));
          *at++ = static_cast<char>(0x80U | (byte & 0x3FU));
        }
      }
    }
    out.resize(static_cast<std::size_t>(at - out.data()));
  }
  void finish(std::string&) override {}
  bool is_identity() const override { return false; }
  std::unique_ptr<Transcoder> clone() const override { return std::make_unique<Latin1>(); }
  std::vector<Place> places(std::string_view bytes, bool) override {
    std::vector<Place> places(bytes.size());
    std::uint32_t utf8 = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      places[i] = {utf8, static_cast<std::int32_t>(i)};
      utf8 += static_cast<unsigned char>(bytes[i]) < 0x80 ? 1 : 2;
    }
    return places;
  }
};

struct CloseConverter {
  void operator()(UConverter* converter) const { ucnv_close(converter); }
};
using Converter = std::unique_ptr<UConverter, CloseConverter>;

/// Called by ICU for bytes that are no character: one mark for each run that it reports.
void U_CALLCONV mark_forbidden(const void*, UConverterToUnicodeArgs* args, const char*, std::int32_t,
                               UConverterCallbackReason reason, UErrorCode* status) {
  if (reason != UCNV_UNASSIGNED && reason != UCNV_ILLEGAL && reason != UCNV_IRREGULAR) return;
  *status = U_ZERO_ERROR;
  ucnv_cbToUWriteUChars(args, &kForbiddenUnit, 1, 0, status);
}

class ByIcu final : public Transcoder {
 public:
  explicit ByIcu(Converter converter) : converter_(std::move(converter)) {}

  void convert(std::string_view bytes, std::string& out) override { run(bytes, false, out, nullptr); }
  void finish(std::string& out) override {
    run({}, true, out, nullptr);
    if (high_ != 0) out.append(kForbidden);
    high_ = 0;
  }
  bool is_identity() const override { return false; }
  std::unique_ptr<Transcoder> clone() const override {
    UErrorCode status = U_ZERO_ERROR;
    auto copy = std::make_unique<ByIcu>(Converter(ucnv_clone(converter_.get(), &status)));
    copy->high_ = high_;
    return copy;
  }
  std::vector<Place> places(std::string_view bytes, bool last) override {
    std::vector<Place> places;
    std::string out;
    run(bytes, last, out, &places);
    return places;
  }

 private:
  void run(std::string_view bytes, bool flush, std::string& out, std::vector<Place>* places) {
    const char* source = bytes.data();
    const char* end = source + bytes.size();
    while (true) {
      UChar* target = units_.data();
      UErrorCode status = U_ZERO_ERROR;
      const auto from = static_cast<std::int32_t>(source - bytes.data());
      const std::int32_t pending = ucnv_toUCountPending(converter_.get(), &status);
      const auto add_place = [&](std::int32_t offset) {
        // A negative offset: the character began in the bytes before.
        places->push_back({static_cast<std::uint32_t>(out.size()), offset < 0 ? from - pending : from + offset});
      };
      if (places != nullptr) origins_.resize(units_.size());
      ucnv_toUnicode(converter_.get(), &target, units_.data() + units_.size(), &source, end,
                     places == nullptr ? nullptr : origins_.data(), static_cast<UBool>(flush), &status);
      for (const UChar* unit = units_.data(); unit < target; ++unit) {
        const bool ends_pair = high_ != 0 && (*unit & 0xFC00U) == 0xDC00U;
        if (places != nullptr && !ends_pair) add_place(origins_[static_cast<std::size_t>(unit - units_.data())]);
        append(*unit, out);
      }
      if (status == U_BUFFER_OVERFLOW_ERROR) continue;
      if (U_FAILURE(status) != 0) {
        // The callback has dealt with bad bytes; what is left is input cut within a character at its end.
        if (places != nullptr) add_place(-1);
        out.append(kForbidden);
        ucnv_resetToUnicode(converter_.get());
        if (source < end) continue;
      }
      return;
    }
  }

  void append(UChar unit, std::string& out) {
    const auto value = static_cast<std::uint32_t>(unit);
    if (high_ != 0 && (value & 0xFC00U) == 0xDC00U) {
      const std::uint32_t point = 0x10000U + ((high_ - 0xD800U) << 10U) + (value - 0xDC00U);
      out += static_cast<char>(0xF0U | (point >> 18U));
      out += static_cast<char>(0x80U | ((point >> 12U) & 0x3FU));
      out += static_cast<char>(0x80U | ((point >> 6U) & 0x3FU));
      out += static_cast<char>(0x80U | (point & 0x3FU));
      high_ = 0;
      return;
    }
    if (high_ != 0) {
      out.append(kForbidden);
      high_ = 0;
    }
    if (value < 0x80) {
      out += static_cast<char>(value);
    } else if (value < 0x800) {
      out += static_cast<char>(0xC0U | (value >> 6U));
      out += static_cast<char>(0x80U | (value & 0x3FU));
    } else if ((value & 0xFC00U) == 0xD800U) {
      high_ = value;
    } else if ((value & 0xFC00U) == 0xDC00U) {
      out.append(kForbidden);
    } else {
      out += static_cast<char>(0xE0U | (value >> 12U));
      out += static_cast<char>(0x80U | ((value >> 6U) & 0x3FU));
      out += static_cast<char>(0x80U | (value & 0x3FU));
    }
  }

  Converter converter_;
  std::array<UChar, 4096> units_{};
  std::vector<std::int32_t> origins_;  // of the units, where they are asked for
  std::uint32_t high_ = 0;             // a high surrogate that waits for its low one
};

std::vector<std::string> known_names() {
  std::vector<std::string> names;
  const std::int32_t count = ucnv_countAvailable();
  for (std::int32_t i = 0; i < count; ++i) {
    const char* name = ucnv_getAvailableName(i);
    UErrorCode status = U_ZERO_ERROR;
    const std::uint16_t aliases = ucnv_countAliases(name, &status);
    for (std::uint16_t j = 0; U_SUCCESS(status) != 0 && j < aliases; ++j) {
      const char* alias = ucnv_getAlias(name, j, &status);
      if (alias != nullptr) names.emplace_back(alias);
    }
  }
  return names;
}

Error unknown(const std::string& encoding) {
  const std::string close = nearest(encoding, known_names());
  return {Code::kUnknownEncoding, "unknown encoding \"" + encoding + "\"", "",
          (close.empty() ? "" : "Did you mean \"" + close + "\"? ") +
              std::string("Use a name that ICU knows, such as utf-8, latin-1, windows-1252, cp850 or utf-16le.")};
}

}  // namespace

std::string_view encoding_of_mark(std::string_view start) {
  using namespace std::string_view_literals;
  if (start.starts_with("\xEF\xBB\xBF"sv)) return "UTF-8";
  if (start.starts_with("\xFF\xFE\x00\x00"sv)) return "UTF-32LE";
  if (start.starts_with("\x00\x00\xFE\xFF"sv)) return "UTF-32BE";
  if (start.starts_with("\xFF\xFE"sv)) return "UTF-16LE";
  if (start.starts_with("\xFE\xFF"sv)) return "UTF-16BE";
  return {};
}

std::optional<Error> no_text(std::string_view start) {
  using namespace std::string_view_literals;
  struct Signature {
    std::string_view bytes;
    const char* what;
    const char* way_out;
  };
  constexpr const char* kExport = "Open it in its program and export it as CSV.";
  constexpr const char* kUnpack = "Unpack it first.";
  constexpr Signature kSignatures[] = {
      {"PK\x03\x04"sv, "a ZIP archive, as workbooks (xlsx, ods) are",
       "Export the workbook as CSV, or unpack the archive."},
      {"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"sv, "an old workbook (xls)", kExport},
      {"%PDF-"sv, "a PDF document", kExport},
      {"\x1F\x8B\x08"sv, "compressed by gzip", kUnpack},
      {"\x28\xB5\x2F\xFD"sv, "compressed by zstd", kUnpack},
      {"\xFD\x37zXZ\x00"sv, "compressed by xz", kUnpack},
      {"BZh9"sv, "compressed by bzip2", kUnpack},
      {"7z\xBC\xAF\x27\x1C"sv, "a 7-Zip archive", kUnpack},
  };
  for (const Signature& one : kSignatures) {
    if (start.starts_with(one.bytes)) {
      return Error{Code::kUnknownEncoding, std::string("the file is no text: it is ") + one.what, "", one.way_out};
    }
  }
  return std::nullopt;
}

Result<std::unique_ptr<Transcoder>> make_transcoder(std::string_view encoding, std::string_view start) {
  if (std::optional<Error> error = no_text(start)) return *error;
  const std::string_view marked = encoding_of_mark(start);
  const std::string name(marked.empty() ? encoding : marked);
  // ICU takes an empty name for the platform's own encoding, and options behind a comma; neither is a name.
  if (name.empty() || name.find(',') != std::string::npos || name.find('\0') != std::string::npos) return unknown(name);
  UErrorCode status = U_ZERO_ERROR;
  Converter converter(ucnv_open(name.c_str(), &status));
  if (U_FAILURE(status) != 0) return unknown(name);
  switch (ucnv_getType(converter.get())) {
    case UCNV_UTF8: return std::unique_ptr<Transcoder>(std::make_unique<Identity>());
    case UCNV_LATIN_1: return std::unique_ptr<Transcoder>(std::make_unique<Latin1>());
    default: break;
  }
  ucnv_setToUCallBack(converter.get(), mark_forbidden, nullptr, nullptr, nullptr, &status);
  if (U_FAILURE(status) != 0) return unknown(name);
  return std::unique_ptr<Transcoder>(std::make_unique<ByIcu>(std::move(converter)));
}

}  // namespace cpi::text
