// What to say of a text that is no date in any of the usual spellings: refuse it, or let the server look at it.
#pragma once

#include <string_view>

#include "core/value/datetime.h"

namespace cpi::value {

/// Judges `text`, which has no blanks at its ends: kSyntax when the server is certain to refuse it, kAmbiguous when its
/// numbers could be read in several orders and none was given, otherwise kUnknown.
DateTimeStatus judge_unusual_date(std::string_view text, DateRules rules);

}  // namespace cpi::value
