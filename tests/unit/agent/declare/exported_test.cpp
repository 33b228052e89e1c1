// YAML that is written reads back as what was written, whatever the texts hold.
#include "declare/exported.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "declare/yaml.h"
#include "declare/yaml_text.h"

namespace cpi::declare {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::vector<std::string> kOddTexts = {"",
                                            " ",
                                            "no",
                                            "Off",
                                            "y",
                                            "null",
                                            "~",
                                            "0123",
                                            "1e3",
                                            "12:30",
                                            "0x1F",
                                            "-",
                                            "- a",
                                            "a: b",
                                            "a:",
                                            ": a",
                                            "#a",
                                            "a #b",
                                            "a\tb",
                                            "a\nb",
                                            "\t",
                                            ",",
                                            "'",
                                            "\"",
                                            "\\",
                                            "{a}",
                                            "[a]",
                                            "a, b",
                                            "*a",
                                            "&a",
                                            "!a",
                                            "%a",
                                            "@a",
                                            "`a",
                                            "|",
                                            ">",
                                            "?",
                                            "<<",
                                            "=",
                                            "Größe",
                                            "\x01\x7f",
                                            "a ",
                                            " a",
                                            "true",
                                            ".inf",
                                            "2026-11-24",
                                            "${X}",
                                            "$${X}",
                                            "$$${X}",
                                            "a${b",
                                            "---",
                                            "...",
                                            "\xF0\x9F\x98\x80",
                                            "a: ",
                                            "http://h/p?a=b&c",
                                            "C:\\x",
                                            "a  b",
                                            "file:x"};

TEST(YamlText, EveryTextReadsBackAsItWas) {
  nlohmann::ordered_json document;
  for (const std::string& text : kOddTexts) {
    document["list"].push_back(text);
    document["map"][text] = text;
    document["deep"].push_back({{"a", text}, {"b", {text, 1, true, nullptr}}});
  }
  document["empty_list"] = nlohmann::ordered_json::array();
  document["empty_map"] = nlohmann::ordered_json::object();
  Problems problems;
  const std::vector<Node> read = read_yaml(yaml_text(document), "x", problems);
  ASSERT_TRUE(problems.empty()) << problems.front().place.text() << ": " << problems.front().message << "\n"
                                << yaml_text(document);
  ASSERT_EQ(read.size(), 1u);
  EXPECT_EQ(to_json(read.front()), Json::parse(document.dump()));
}

std::vector<Exported> odd_entries() {
  std::vector<Exported> out;
  for (const std::string& text : kOddTexts) {
    if (text.empty()) continue;
    Present source{{{"host", text}, {"username", text}, {"password", text}, {"port", "22"}, {"remote_path", text}}};
    out.push_back({Kind::kSource, "s " + text, source});
  }
  return out;
}

TEST(Exported, SecretsInTheClearReadBackAsTheyWere) {
  const std::vector<Exported> entries = odd_entries();
  Problems problems;
  const auto read = read_declarations(
      exported_yaml(entries, false), "x", [](const std::string&) { return std::nullopt; }, problems);
  ASSERT_TRUE(problems.empty()) << problems.front().place.text() << ": " << problems.front().message;
  ASSERT_EQ(read.size(), entries.size());
  for (std::size_t i = 0; i < read.size(); ++i) {
    EXPECT_EQ(read[i].name, entries[i].name);
    EXPECT_EQ(difference(read[i], entries[i].present).action, Action::kUnchanged) << entries[i].name;
  }
}

TEST(Exported, VariablesStandForSecretsAndAreListed) {
  const std::string yaml =
      exported_yaml({{Kind::kConnection, "customer abc", {{{"database_url", "canary"}}}},
                     {Kind::kConnection, "customer-abc", {{{"database_url", "canary"}}}},
                     {Kind::kSource, "login", {{{"host", "h"}, {"username", "u"}, {"password", "canary"}}}},
                     {Kind::kProject, "p", {{}, {{"sftp", {{"host", "h"}, {"password", "canary"}}}}}}},
                    true);
  for (const char* variable : {"CPI_CUSTOMER_ABC_DATABASE_URL", "CPI_CUSTOMER_ABC_DATABASE_URL_2",
                               "CPI_LOGIN_PASSWORD_2", "CPI_P_SFTP_PASSWORD"}) {
    EXPECT_THAT(yaml, HasSubstr("#   " + std::string(variable) + "\n"));
    EXPECT_THAT(yaml, HasSubstr(": ${" + std::string(variable) + "}\n"));
  }
  EXPECT_THAT(yaml, Not(HasSubstr("canary")));
}

TEST(Exported, AConfigStandsInTheOrderOfItsSchema) {
  const std::string yaml = exported_yaml({{Kind::kProject,
                                           "p",
                                           {{},
                                            {{"tables", {{{"target_table", "t"}, {"file_pattern", "t*.csv"}}}},
                                             {"defaults", {{"quote", "'"}}},
                                             {"name", "p"}}}}},
                                         true);
  EXPECT_THAT(yaml, HasSubstr("    config:\n      name: p\n      defaults:\n        quote: \"'\"\n      tables:\n"
                              "        - "));
  EXPECT_LT(yaml.find("name: p"), yaml.find("defaults:"));
}

}  // namespace
}  // namespace cpi::declare
