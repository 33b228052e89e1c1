// The rejected rows of a file as CSV that can be mended and imported: one column before the file's own says why a row
// was rejected, then comes the row exactly as it stood. In front, because a row with too few fields or a stray quote
// would shift or swallow whatever came after it.
//
//   cpi_reason,id,price
//   "line 3, column ""price"": no number: ""x""",2,x
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/csv/dialect.h"

namespace cpi::csv {

/// The name of the added column: cpi_reason or, where the file has a column of that name already (ignoring case),
/// cpi_reason_2 and so on.
std::string reason_column(const std::vector<std::string>& header);

/// Whether a file's first column of that name is one that `reason_column` added: it is left out of an import.
bool is_reason_column(std::string_view name);

/// The header line with its line break: the added column and the file's names, in the dialect's delimiter, quote and
/// escape. A dialect that can write neither delimiter nor line break in a field gets a blank in the place of each.
std::string rejects_header(const Dialect& dialect, const std::vector<std::string>& header);

/// Whether `raw`, between two line breaks, is one whole row whatever stands before and behind it. A quote that is never
/// closed draws in the next row, and both may look like a good one.
bool stands_alone(const Dialect& dialect, std::string_view raw);

/// `raw` without its first `count` fields: reasons that its file carried from an earlier time. All of `raw` when they
/// cannot be told apart from the rest.
std::string_view without_first_fields(const Dialect& dialect, std::string_view raw, std::size_t count);

/// One row with its line break: the reason ("line 3, column "price": message", after the file's name unless that is
/// empty), and `raw`. `line` 0 and an empty `column` are left out.
std::string rejects_row(const Dialect& dialect, std::string_view file, std::int64_t line, std::string_view column,
                        std::string_view message, std::string_view raw);

}  // namespace cpi::csv
