// Characters that a database's encoding lacks, against databases in such encodings.
#include <gtest/gtest.h>

#include <map>

#include "support/cluster.h"
#include "target/repertoire.h"

namespace cpi::target {
namespace {

std::optional<Repertoire> read(const std::string& encoding) {
  db::Connection admin = test::Cluster::shared().connect();
  const std::string name = "repertoire_" + encoding;
  admin.exec("CREATE DATABASE \"" + name + "\" TEMPLATE template0 LOCALE 'C' ENCODING '" + encoding + "'");
  db::Connection connection = test::Cluster::shared().connect(name);
  std::optional<Repertoire> found = Repertoire::read(connection);
  EXPECT_FALSE(connection.in_transaction());
  return found;
}

TEST(Repertoire, ADatabaseInUtf8OrWithoutEncodingTakesEverything) {
  EXPECT_FALSE(read("UTF8").has_value());
  EXPECT_FALSE(read("SQL_ASCII").has_value());
}

TEST(Repertoire, TheFirstCharacterThatAnEncodingLacksIsNamed) {
  const struct {
    const char* encoding;
    const char* text;
    const char* lacking;
  } cases[] = {
      {"LATIN1", "plain ASCII\x7f", ""}, {"LATIN1", "äöüß ÿ ½", ""},
      {"LATIN1", "3 € and ½", "€"},      {"LATIN1", "ä👍", "👍"},
      {"LATIN9", "€ äöü", ""},           {"LATIN9", "½", "½"},
      {"WIN1252", "„€“ ä", ""},          {"WIN1252", "Ж", "Ж"},
      {"WIN1251", "Жук €", ""},          {"EUC_JP", "日本語 テキスト", ""},
      {"EUC_JP", "日本 €", "€"},         {"EUC_JP", "日本 👍", "👍"},
      {"EUC_KR", "한국어", ""},          {"EUC_JIS_2004", "𠀋 日本", ""},
  };
  std::map<std::string, std::optional<Repertoire>> repertoires;
  for (const auto& tested : cases) {
    auto& repertoire = repertoires[tested.encoding];
    if (!repertoire.has_value()) repertoire = read(tested.encoding);
    ASSERT_TRUE(repertoire.has_value());
    EXPECT_EQ(repertoire->encoding(), tested.encoding);
    EXPECT_EQ(repertoire->first_lacking(tested.text), tested.lacking) << tested.encoding << ": " << tested.text;
  }
}

}  // namespace
}  // namespace cpi::target
