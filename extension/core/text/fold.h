// Names and words compared without regard to case.
#pragma once

#include <string>
#include <string_view>

namespace cpi::text {

/// `text` with case differences removed (Unicode's full case folding): equal results mean equal but for case.
std::string fold_case(std::string_view text);

}  // namespace cpi::text
