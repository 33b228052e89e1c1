#include "core/config/file_columns.h"

#include <iterator>
#include <map>

#include "core/csv/rejects_csv.h"
#include "core/text/identifier.h"

namespace cpi::config {

namespace {

using text::quoted_list;
using text::quoted_name;

constexpr std::string_view kLineColumn = "cpi_line";  // target::kLineColumn, which core does not know

/// The table column that `column_mapping` gives to a file column: by the name that tells it from others of the same
/// name in the header, by the header's, else ignoring case.
const std::string* mapped_to(const TableOptions& options, const std::string& header, const std::string& name) {
  const std::string* by_header = nullptr;
  const std::string* by_case = nullptr;
  for (const auto& [from, to] : options.column_mapping) {
    if (from == name) return &to;
    if (from == header) by_header = &to;
    if (text::fold_case(from) == text::fold_case(header)) by_case = &to;
  }
  return by_header != nullptr ? by_header : by_case;
}

}  // namespace

std::vector<FileColumn> file_columns(const TableOptions& options, const std::vector<std::string>& header,
                                     std::size_t left_out) {
  const std::vector<std::string> own(header.begin() + static_cast<std::ptrdiff_t>(left_out), header.end());
  const std::vector<std::string> plain = text::column_names(own, false);
  const bool snake = options.column_names == ColumnNames::kSnakeCase;
  const std::vector<std::string> names = snake ? text::column_names(own, true) : plain;
  std::vector<FileColumn> columns;
  for (std::size_t i = 0; i < own.size(); ++i) {
    const std::string& file_column = own[i].empty() ? plain[i] : own[i];
    // A name that comes again means its first column; the others are told by the names that they got.
    const auto here = own.begin() + static_cast<std::ptrdiff_t>(i);
    const bool again = std::find(own.begin(), here, own[i]) != here;
    const std::string* mapped = mapped_to(options, again ? plain[i] : file_column, plain[i]);
    columns.push_back({left_out + i, file_column, mapped != nullptr ? text::truncate_identifier(*mapped) : names[i]});
  }
  return columns;
}

std::vector<std::string> column_warnings(const TableOptions& options, const std::vector<std::string>& header,
                                         std::size_t left_out) {
  std::vector<std::string> warnings;
  const std::vector<std::string> plain = text::column_names(header, false);
  for (const auto& mapping : options.column_mapping) {
    const std::string& from = mapping.first;
    const auto means = [&](const std::string& name) { return text::fold_case(name) == text::fold_case(from); };
    if (std::any_of(header.begin(), header.end(), means) || std::find(plain.begin(), plain.end(), from) != plain.end())
      continue;
    const std::string nearest = text::nearest(from, header);
    warnings.push_back("column_mapping names column " + quoted_name(from) + ", which the file lacks" +
                       (nearest.empty() ? "" : ": did you mean " + quoted_name(nearest) + "?"));
  }
  for (std::size_t i = 0; i < left_out; ++i) {
    warnings.push_back("column " + quoted_name(header[i]) + " is left out: it says why the rows were rejected before");
  }
  return warnings;
}

Error same_target(const std::string& file_column, const std::string& other_file_column, std::string_view table_column,
                  std::string_view table) {
  return {Code::kInvalidConfig,
          "columns " + quoted_name(file_column) + " and " + quoted_name(other_file_column) +
              " of the file both go to column " + quoted_name(table_column) + " of " + std::string(table),
          "", "Give one of them another name with column_mapping."};
}

Error reserved_name(const FileColumn& column, std::string_view table) {
  return {Code::kInvalidHeader,
          "column " + quoted_name(column.file_column) + " cannot be added to " + std::string(table) + ": " +
              std::string(keeper_of(column.table_column)),
          "",
          "Give it another name with column_mapping, such as {" + quoted_name(column.file_column) + ": " +
              quoted_name(column.table_column + "_") + "}."};
}

Error key_not_in_file(std::string_view name, std::string_view key_of, const std::vector<std::string>& file_columns) {
  const std::string nearest = text::nearest(name, file_columns);
  std::string hint = nearest.empty() ? "" : "Did you mean " + quoted_name(nearest) + "? ";
  hint += key_of.empty()
              ? "Name a column of the file in primary_key."
              : "Map a column of the file to it (column_mapping), or name another unique key in primary_key.";
  return {Code::kKeyMissing,
          "primary-key column " + quoted_name(name) + (key_of.empty() ? "" : " of " + std::string(key_of)) +
              " is not in the file",
          "The file's columns are: " + quoted_list(file_columns) + ".", hint};
}

bool is_reserved(std::string_view name) {
  constexpr std::string_view kNames[] = {"ctid", "xmin", "cmin", "xmax", "cmax", "tableoid", kLineColumn};
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

std::string_view keeper_of(std::string_view name) {
  return name == kLineColumn ? "cpi keeps that name for the line numbers" : "PostgreSQL keeps that name for itself";
}

Result<void> check_supported(const TableOptions& options) {
  const char* option = nullptr;
  if (options.rebuild_table != RebuildTable::kNo) option = "rebuild_table";
  if (options.missing_rows != MissingRows::kKeep) option = "missing_rows";
  if (option == nullptr) return {};
  return Error{Code::kInvalidConfig, std::string(option) + " is not available in this version",
               "Rows that the file lacks would stay in the table.", "Take the option out, or set it to its default."};
}

std::size_t count_reason_columns(const std::vector<std::string>& header) {
  const auto end = std::find_if_not(header.begin(), header.end(),
                                    [](const std::string& name) { return csv::is_reason_column(name); });
  return static_cast<std::size_t>(end - header.begin());
}

std::vector<Error> column_problems(const TableOptions& options, const std::vector<std::string>& header) {
  constexpr std::string_view kTable = "the table";
  std::vector<Error> problems;
  if (Result<void> supported = check_supported(options); !supported.ok()) problems.push_back(supported.error());
  const std::vector<FileColumn> columns = file_columns(options, header, count_reason_columns(header));
  std::map<std::string, const FileColumn*> seen;
  std::vector<std::string> names;
  for (const FileColumn& column : columns) {
    names.push_back(column.file_column);
    const auto [other, fresh] = seen.emplace(column.table_column, &column);
    if (!fresh) {
      problems.push_back(same_target(other->second->file_column, column.file_column, column.table_column, kTable));
    }
    if (is_reserved(column.table_column)) problems.push_back(reserved_name(column, kTable));
  }
  for (const std::string& name : options.primary_key) {
    if (find_key_column(columns, name) == columns.end()) problems.push_back(key_not_in_file(name, "", names));
  }
  return problems;
}

}  // namespace cpi::config
