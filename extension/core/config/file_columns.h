// What options make of a file's header before any table is looked at: which columns it gives a table, under which
// names, and what is wrong with them whatever the table. One judgement for the import's planner and for previews.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/model.h"
#include "core/result.h"
#include "core/text/fold.h"

namespace cpi::config {

/// A column of the file on its way to a table.
struct FileColumn {
  std::size_t file_index = 0;  ///< position in the file's rows
  std::string file_column;     ///< its name as people know it: the header's, "column3" for a nameless one
  std::string table_column;    ///< the name that it asks for, by column_mapping and column_names
};

/// The file's columns. The first `left_out` of the header are none (csv::is_reason_column): they say why mended rows
/// were rejected before, and nameless columns are numbered from behind them, as in the file that the rows came from.
std::vector<FileColumn> file_columns(const TableOptions& options, const std::vector<std::string>& header,
                                     std::size_t left_out);

/// Remarks for the file result: mappings that name no column of the file (one config may serve files of several shapes,
/// so that this is no error), and the columns left out.
std::vector<std::string> column_warnings(const TableOptions& options, const std::vector<std::string>& header,
                                         std::size_t left_out);

/// The column that `name` of a primary_key means: the table's name for it or the file's, exactly or ignoring case;
/// end() when there is none. `columns`: of anything with `table_column` and `file_column`.
template <typename Columns>
auto find_key_column(Columns& columns, const std::string& name) {
  const std::string folded = text::fold_case(name);
  auto found = std::find_if(columns.begin(), columns.end(), [&](const auto& one) { return one.table_column == name; });
  if (found != columns.end()) return found;
  found = std::find_if(columns.begin(), columns.end(), [&](const auto& one) { return one.file_column == name; });
  if (found != columns.end()) return found;
  found = std::find_if(columns.begin(), columns.end(),
                       [&](const auto& one) { return text::fold_case(one.table_column) == folded; });
  if (found != columns.end()) return found;
  return std::find_if(columns.begin(), columns.end(),
                      [&](const auto& one) { return text::fold_case(one.file_column) == folded; });
}

/// The errors of a load, told with the table's name as messages show it.
Error same_target(const std::string& file_column, const std::string& other_file_column, std::string_view table_column,
                  std::string_view table);
Error reserved_name(const FileColumn& column, std::string_view table);
/// `key_of`: the table whose own key it is; empty: it was named by primary_key.
Error key_not_in_file(std::string_view name, std::string_view key_of, const std::vector<std::string>& file_columns);

/// Whether no column may be called so: PostgreSQL keeps the name for itself in every table (src/backend/catalog/heap.c,
/// SysAtt), or cpi for the line numbers in its staging tables.
bool is_reserved(std::string_view name);

/// Who keeps a reserved name, for messages.
std::string_view keeper_of(std::string_view name);

/// Options that this version cannot obey, and that must not be ignored in silence. Fails with kInvalidConfig.
Result<void> check_supported(const TableOptions& options);

/// All that would stop an import of a file with this header into a table that is created for it.
std::vector<Error> column_problems(const TableOptions& options, const std::vector<std::string>& header);

/// How many of the header's first columns only say why rows were rejected before.
std::size_t count_reason_columns(const std::vector<std::string>& header);

}  // namespace cpi::config
