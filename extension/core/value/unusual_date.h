// What to say of a text that is no date in any of the usual spellings: refuse it, or let the server look at it.
#pragma once

#include <string_view>

#include "core/value/datetime.h"

namespace cpi::value {

/// Judges `text`, which has no blanks at its ends: kSyntax when the server is certain to refuse it, kAmbiguous when
/// `order_matters` (none was given, and the date was not read yet) and its numbers could be read in several orders,
/// otherwise kUnknown.
DateTimeStatus judge_unusual_date(std::string_view text, bool order_matters);

}  // namespace cpi::value
