#include "job/planned_file.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "import/mended.h"
#include "job/manifest.h"
#include "target/foreign_keys.h"

namespace cpi::job {

namespace {

/// What was handed over is a table of its own: UTF-8, in the dialect of the file that its rows came from, with one
/// header line or none at all. What its values mean, and where they go, is the config's to say.
void read_as_stored(config::TableOptions& options, const store::ManifestFile& file) {
  import::read_as_plain_table(options);
  csv::Dialect& dialect = options.dialect;
  if (file.dialect) {
    dialect.delimiter = file.dialect->delimiter;
    dialect.quote = file.dialect->quote;
    dialect.escape = file.dialect->escape;
    dialect.trim = dialect.trim || file.dialect->trim;
    dialect.columns = file.dialect->columns;
    if (file.dialect->records) dialect.header_rows = 0;
  }
  options.detect_delimiter = options.detect_quote = options.detect_escape = false;
  options.encoding = "utf-8";
}

}  // namespace

PlannedFile planned_file(const config::ProjectConfig& config, const store::ManifestFile& file, bool stored_content) {
  config::TableOptions options = options_of(config, file.path);
  if (stored_content) read_as_stored(options, file);
  target::TableName table{options.schema, file.table_name};
  return {file, std::move(options), std::move(table)};
}

void sort_for_loading(std::vector<PlannedFile>& files, db::Connection& target) {
  std::vector<target::TableName> tables;
  for (const PlannedFile& file : files) {
    if (std::find(tables.begin(), tables.end(), file.table) == tables.end()) tables.push_back(file.table);
  }
  const std::vector<std::size_t> order = target::parents_first(tables, target::foreign_keys(target, tables));
  const auto rank = [&](const PlannedFile& file) {
    const auto place = static_cast<std::size_t>(std::find(tables.begin(), tables.end(), file.table) - tables.begin());
    return std::find(order.begin(), order.end(), place) - order.begin();
  };
  std::stable_sort(files.begin(), files.end(), [&rank](const PlannedFile& a, const PlannedFile& b) {
    return std::pair(rank(a), a.file.path) < std::pair(rank(b), b.file.path);
  });
}

}  // namespace cpi::job
