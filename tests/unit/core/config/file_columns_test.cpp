// Which columns a header gives a table, and under which names.
#include "core/config/file_columns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cpi::config {
namespace {

using testing::ElementsAre;

std::vector<std::string> table_columns(const TableOptions& options, const std::vector<std::string>& header) {
  std::vector<std::string> out;
  for (const FileColumn& column : file_columns(options, header, 0)) out.push_back(column.table_column);
  return out;
}

TEST(FileColumns, ANameThatComesAgainIsMappedByTheNameThatItGot) {
  TableOptions options;
  options.column_mapping = {{"Nr", "a"}, {"Nr_2", "b"}};
  EXPECT_THAT(table_columns(options, {"Nr", "Nr", "x"}), ElementsAre("a", "b", "x"));
  EXPECT_TRUE(column_problems(options, {"Nr", "Nr", "x"}).empty());
  EXPECT_TRUE(column_warnings(options, {"Nr", "Nr", "x"}, 0).empty());
  options.column_mapping = {{"Nr", "a"}};
  EXPECT_THAT(table_columns(options, {"Nr", "Nr", "nr"}), ElementsAre("a", "Nr_2", "a")) << "but for another case";
}

TEST(FileColumns, ANameIsMappedAsTheFileOrTheTableSpellsIt) {
  TableOptions options;
  options.column_mapping = {{"unit\nprice", "p"}, {"column2", "q"}, {"ID", "id"}};
  EXPECT_THAT(table_columns(options, {"unit\nprice", "", "Id"}), ElementsAre("p", "q", "id"));
  options.column_mapping = {{"unit price", "p"}};
  EXPECT_THAT(table_columns(options, {"unit\nprice"}), ElementsAre("p"));
}

}  // namespace
}  // namespace cpi::config
