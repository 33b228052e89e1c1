// Files of rejected rows that were mended (core/csv/rejects_csv.h): each is a table of its own, whatever stood above,
// between and below the rows in the file that they came from.
#pragma once

#include <string>
#include <vector>

#include "core/config/model.h"
#include "source/source.h"

namespace cpi::import {

/// One header line first, then nothing but rows. Answers the options that this sets aside, since they speak of lines
/// that such a file has not.
std::vector<std::string> read_as_plain_table(config::TableOptions& options);

/// Whether the file's first field is a column that says why rows were rejected (csv::is_reason_column), read in the
/// encoding that `options` name, or that a byte order mark does.
bool begins_with_reasons(const source::File& file, const config::TableOptions& options);

}  // namespace cpi::import
