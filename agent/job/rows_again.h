// Rejected rows that are tried again as they are. They are handed over as records, not as a text: in a text a row with
// a quote that is never closed would run into its neighbour, and the two might be loaded as one row that never was.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/csv/dialect.h"
#include "core/csv/row.h"

namespace cpi::job {

struct RowsAgain {
  std::string text;                    ///< the rows that stand alone, a line each and no header
  std::vector<csv::Reject> set_aside;  ///< the others, numbered as if they stood behind them: rejected again
};

/// `records`: JSON, a list of {"raw","column","reason","message"}. The first `reasons` fields of each row say why it
/// was rejected before, and are left out. Throws nlohmann::json::exception for what is no such list.
RowsAgain rows_again(std::string_view records, const csv::Dialect& dialect, std::size_t reasons);

}  // namespace cpi::job
