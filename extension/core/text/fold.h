// Names and words compared without regard to case.
#pragma once

#include <string>
#include <string_view>

namespace cpi::text {

/// `text` with case differences removed (Unicode's full case folding) and accents composed (NFC): equal results mean
/// that people read the same, but for case.
std::string fold_case(std::string_view text);

}  // namespace cpi::text
