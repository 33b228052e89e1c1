#include "core/text/fold.h"

#include <unicode/normalizer2.h>
#include <unicode/unistr.h>

namespace cpi::text {

std::string fold_case(std::string_view text) {
  std::string folded;
  icu::UnicodeString characters =
      icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())));
  characters.foldCase();
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* composing = icu::Normalizer2::getNFCInstance(status);
  const icu::UnicodeString composed = U_SUCCESS(status) ? composing->normalize(characters, status) : characters;
  (U_SUCCESS(status) ? composed : characters).toUTF8String(folded);
  return folded;
}

}  // namespace cpi::text
