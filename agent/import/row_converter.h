// From rows of fields to COPY BINARY tuples of the staging table: the plan's columns, then cpi_line. The hot loop of a
// load.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/csv/null_rule.h"
#include "core/csv/row.h"
#include "core/value/converter.h"
#include "import/filter.h"
#include "import/plan.h"
#include "import/rejects.h"
#include "import/row_size.h"
#include "target/repertoire.h"

namespace cpi::import {

/// Converts the rows of one file by one plan. Not thread-safe.
class RowConverter {
 public:
  /// `page_bytes` is the target's block_size, `repertoire` what its encoding has (nothing: every character). Fails with
  /// kInvalidConfig when a format makes no sense for a column's type.
  static Result<RowConverter> make(const Plan& plan, const config::TableOptions& options,
                                   std::size_t page_bytes = kUsualPage,
                                   std::optional<target::Repertoire> repertoire = std::nullopt);

  static constexpr std::size_t kUsualPage = 8192;

  /// For a file that was transcoded; as Reader::set_origin.
  void set_origin(csv::Origin origin) { origin_ = std::move(origin); }

  /// Appends the row's tuple to `out`, or a reject to `rejects`. A row with a value that only the server can judge
  /// gives neither; its column is in `asked()` from then on, and is not looked at in later rows.
  void convert(const csv::Row& row, std::string_view raw, ConvertedBatch& out, RejectSink& rejects);

  /// Table columns that need the server's cast: the load must be planned again with them.
  const std::set<std::string>& asked() const { return asked_; }

  /// Rows must have more fields than this.
  std::size_t last_file_index() const { return last_file_index_; }

 private:
  struct Column {
    std::size_t file_index;
    std::unique_ptr<value::Converter> converter;
    bool sent_as_text = true;
    bool required;  ///< NULL is a reject
    bool key;
    bool asked = false;
    std::string file_column;
    std::string table_column;
  };

  explicit RowConverter(csv::NullRule nulls) : nulls_(std::move(nulls)) {}
  csv::Reject reject(const csv::Row& row, std::string_view raw, const std::string& column, csv::Reason reason,
                     std::string message) const;

  csv::NullRule nulls_;
  csv::Origin origin_;
  std::vector<Column> columns_;
  std::optional<target::Repertoire> repertoire_;  ///< of targets that do not take every character
  std::optional<RowSize> size_;                   ///< of tables so wide that a row may not fit on a page
  std::set<std::string> asked_;
  std::size_t last_file_index_ = 0;
  std::string why_;  ///< a converter's message; kept to save an allocation per row
};

}  // namespace cpi::import
