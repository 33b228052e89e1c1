// The transcoder on any bytes in many encodings: no crash, and the same UTF-8 however the input is cut. Its output is
// valid UTF-8 but for the marks of forbidden bytes. The first two bytes choose encoding and chunk size.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "core/text/transcoder.h"
#include "core/text/utf8.h"

namespace {

std::string transcoded(const std::string& encoding, std::string_view bytes, std::size_t chunk) {
  cpi::Result<std::unique_ptr<cpi::text::Transcoder>> transcoder =
      cpi::text::make_transcoder(encoding, bytes.substr(0, 4));
  if (!transcoder.ok()) std::abort();
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += chunk) (*transcoder)->convert(bytes.substr(at, chunk), out);
  (*transcoder)->finish(out);
  if ((*transcoder)->is_identity()) return out;
  std::string without_marks = out;
  for (std::size_t at = 0; (at = without_marks.find("\xFF\xFE", at)) != std::string::npos;) {
    without_marks.replace(at, 2, "?");
  }
  if (!cpi::text::valid_utf8(without_marks)) std::abort();
  return out;
}

}  // namespace

constexpr std::size_t kChoices = 2;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < kChoices) return 0;
  const std::string encodings[] = {"utf-8",  "latin-1",     "windows-1252", "utf-16le",  "utf-16be",    "utf-32le",
                                   "utf-16", "cp437",       "cp850",        "shift_jis", "gb18030",     "big5",
                                   "euc-jp", "koi8-r",      "us-ascii",     "utf-7",     "iso-2022-jp", "hz",
                                   "scsu",   "iso-8859-15", "utf-32"};
  const std::string& encoding = encodings[data[0] % std::size(encodings)];
  const std::string_view bytes(reinterpret_cast<const char*>(data + kChoices), size - kChoices);
  if (cpi::text::no_text(bytes.substr(0, 4)).has_value()) return 0;  // an archive, which nothing transcodes
  const std::string whole = transcoded(encoding, bytes, bytes.size() + 1);
  if (transcoded(encoding, bytes, 1 + data[1] % 16) != whole) std::abort();
  if (transcoded(encoding, bytes, 1) != whole) std::abort();
  std::string replaced;
  cpi::text::append_replacing_invalid(whole, replaced);
  if (!cpi::text::valid_utf8(replaced)) std::abort();
  return 0;
}
