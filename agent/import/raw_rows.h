// The text of rows that the server refused: it knows their line only, so they are looked up in the file again.
#pragma once

#include <stop_token>
#include <vector>

#include "core/config/model.h"
#include "core/csv/row.h"
#include "source/source.h"

namespace cpi::import {

/// Fills in raw text and byte offset of the rejects that have none, by their line. Reads the file up to the last of
/// those lines, and not at all when there is none. Rejects whose row cannot be found again stay as they are.
void fill_in_raw_rows(const source::File& file, const config::TableOptions& options, std::vector<csv::Reject>& rejects,
                      std::stop_token stop);

}  // namespace cpi::import
