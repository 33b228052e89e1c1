// YAML to declarations: what a value is, what is refused and where.
#include "declare/declaration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace cpi::declare {
namespace {

using ::testing::HasSubstr;

std::optional<std::string> environment(const std::string& name) {
  if (name == "PASSWORD") return "s3cret: ${NOT_AGAIN} #";
  if (name == "NUMBER") return "2";
  if (name == "EMPTY") return "";
  return std::nullopt;
}

std::vector<Declared> read(const std::string& yaml, Problems& problems, const std::string& file = "c.yaml") {
  return read_declarations(yaml, file, environment, problems);
}

/// The single entry of a text without problems.
Declared one(const std::string& yaml) {
  Problems problems;
  std::vector<Declared> all = read(yaml, problems);
  EXPECT_TRUE(problems.empty()) << problems.front().place.text() << ": " << problems.front().message;
  EXPECT_EQ(all.size(), 1u);
  return all.empty() ? Declared{} : all.front();
}

/// The problems of a text, one a line.
std::string problems_of(const std::string& yaml) {
  Problems problems;
  read(yaml, problems);
  std::string out;
  for (const Problem& problem : problems)
    out += problem.place.text() + ": " + problem.message + " " + problem.hint + "\n";
  return out;
}

Json config_of(const std::string& lines) { return one("projects:\n  p:\n    config:\n" + lines).config.value(); }

TEST(Declaration, FieldsAreTextsAsTheyAreWritten) {
  const Declared source = one("sources:\n  s: {host: h, username: no, password: 0123, description: 1e3, port: 2222}\n");
  EXPECT_EQ(source.fields.at("username"), "no");
  EXPECT_EQ(source.fields.at("password"), "0123");
  EXPECT_EQ(source.fields.at("description"), "1e3");
  EXPECT_EQ(source.fields.at("port"), "2222");
}

TEST(Declaration, AConfigHasTheTypesOfYaml12) {
  const Json config = config_of(
      "      defaults:\n        delimiter: \"\\t\"\n        header: 2\n        trim: true\n        datestyle: DMY\n"
      "        true_values: [yes, on, 12:30]\n        quote: ''\n        comment: '#'\n");
  EXPECT_EQ(config["defaults"]["delimiter"], "\t");
  EXPECT_EQ(config["defaults"]["header"], 2);
  EXPECT_EQ(config["defaults"]["trim"], true);
  EXPECT_EQ(config["defaults"]["true_values"], Json({"yes", "on", "12:30"}));
  EXPECT_EQ(config["defaults"]["comment"], "#");
}

TEST(Declaration, TruthValuesOfYaml11AreRefusedWithTheirPlace) {
  EXPECT_THAT(problems_of("projects:\n  p:\n    config:\n      defaults:\n        trim: yes\n"),
              HasSubstr("c.yaml:5:15: config.defaults.trim: must be true or false"));
}

TEST(Declaration, ANumberWhereATextBelongsIsToldToBeQuoted) {
  EXPECT_THAT(problems_of("projects: {p: {config: {defaults: {null_if: [0123]}}}}"), HasSubstr("\"0123\""));
}

TEST(Declaration, VariablesNeverBecomeYamlAndAreNotReadTwice) {
  EXPECT_EQ(one("sources:\n  s: {host: h, username: u, password: \"${PASSWORD}\"}\n").fields.at("password"),
            "s3cret: ${NOT_AGAIN} #");
  EXPECT_EQ(one("connections:\n  c:\n    description: a $${X} ${EMPTY:-b} ${NONE:-c}\n").fields.at("description"),
            "a ${X} b c");
  EXPECT_EQ(config_of("      defaults: {header: \"${NUMBER}\", comment: \"${NUMBER}\"}\n")["defaults"],
            Json({{"header", 2}, {"comment", "2"}}));
}

TEST(Declaration, AnUnsetVariableIsNamedWithItsPlace) {
  EXPECT_THAT(problems_of("connections:\n  c:\n    description: x ${NONE} y\n"),
              HasSubstr("c.yaml:3:18: environment variable NONE is not set"));
  EXPECT_THAT(problems_of("connections:\n  c:\n    description: ${NONE\n"), HasSubstr("without the closing"));
  EXPECT_THAT(problems_of("connections:\n  c:\n    description: ${}\n"), HasSubstr("names no environment variable"));
}

TEST(Declaration, ASecretIsReadFromAFileBesideTheYaml) {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("declare_" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "pw.txt") << "${literal} pw\n";
  Problems problems;
  const auto all = read("sources:\n  s: {host: h, username: u, password: file:pw.txt, description: file:pw.txt}\n",
                        problems, (folder / "c.yaml").string());
  std::filesystem::remove_all(folder);
  ASSERT_TRUE(problems.empty()) << problems.front().message;
  EXPECT_EQ(all.front().fields.at("password"), "${literal} pw");
  EXPECT_EQ(all.front().fields.at("description"), "file:pw.txt") << "only secrets are read from files";
  EXPECT_THAT(problems_of("sources:\n  s: {host: h, username: u, password: file:absent.txt}\n"),
              HasSubstr("c.yaml:2:39: the secret's file \"absent.txt\""));
  EXPECT_EQ(one("sources:\n  s: {host: h, username: u, password: $file:x}\n").fields.at("password"), "file:x");
}

TEST(Declaration, UnknownKeysNameTheNearestKnownOne) {
  EXPECT_THAT(problems_of("conections: {}\n"),
              HasSubstr("c.yaml:1:1: unknown key \"conections\" Did you mean \"connections\"?"));
  EXPECT_THAT(problems_of("sources: {s: {host: h, user: u}}"), HasSubstr("unknown key \"user\""));
  EXPECT_THAT(problems_of("projects:\n  p:\n    tables: []\n"), HasSubstr("belongs in \"config\""));
  EXPECT_THAT(problems_of("projects:\n  p:\n    config:\n      defaults:\n        delimter: ;\n"),
              HasSubstr("c.yaml:5:9: config.defaults.delimter: unknown key \"delimter\" did you mean \"delimiter\"?"));
  EXPECT_THAT(problems_of("schedules: {}\n"), HasSubstr("not in this version yet"));
  EXPECT_EQ(problems_of("x-anchors: {a: 1}\n"), "");
}

TEST(Declaration, AKeyGivenTwiceIsAnError) {
  EXPECT_THAT(problems_of("connections:\n  c: {description: a}\n  c: {description: b}\n"),
              HasSubstr("c.yaml:3:3: key \"c\" is given twice"));
}

TEST(Declaration, AnEntryDeclaredInTwoDocumentsIsAnError) {
  Problems problems;
  const auto all = read("connections: {c: {}}\n---\nconnections: {c: {}}\n", problems);
  check_names(all, problems);
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_THAT(problems.front().message, HasSubstr("declared twice"));
}

TEST(Declaration, MergeKeysAndAliasesWork) {
  const Json config = config_of(
      "      defaults: &d {primary_key: id, trim: true}\n      tables:\n        - <<: *d\n          trim: false\n"
      "          file_pattern: a.csv\n");
  EXPECT_EQ(config["tables"][0], Json({{"primary_key", "id"}, {"trim", false}, {"file_pattern", "a.csv"}}));
}

TEST(Declaration, AFewLinesThatStandForBillionsOfValuesAreRefused) {
  std::string yaml = "x-0: &a0 [1,2,3,4,5,6,7,8,9]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string alias = "*a" + std::to_string(i - 1);
    yaml += "x-" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + alias;
    for (int n = 0; n < 8; ++n) yaml += "," + alias;
    yaml += "]\n";
  }
  EXPECT_THAT(problems_of(yaml), HasSubstr("stands for more than"));
  std::string texts = "x-0: &a " + std::string(100000, 'y') + "\nx-1: [*a";
  for (int i = 0; i < 5000; ++i) texts += ",*a";
  EXPECT_THAT(problems_of(texts + "]\n"), HasSubstr("stands for more than"));
  EXPECT_THAT(problems_of("x-a: " + std::string(1000, '[')), HasSubstr("levels deep"));
}

TEST(Declaration, WhatIsNoYamlIsToldWithItsPlace) {
  EXPECT_THAT(problems_of("connections:\n  c: [1\n"), HasSubstr("this is no valid YAML"));
  EXPECT_THAT(problems_of("connections:\n  - name: c\n"), HasSubstr("must be a map from names"));
  EXPECT_THAT(problems_of("just text\n"), HasSubstr("must be a map with the keys"));
  EXPECT_THAT(problems_of("x-a: !python/object 1\n"), HasSubstr("tag \"!python/object\" is not known"));
  EXPECT_EQ(problems_of("# nothing\n"), "");
}

TEST(Declaration, AWrongUrlIsToldWithoutItsPassword) {
  const std::string text = problems_of("connections:\n  c: {database_url: \"postgresql://u:can@ry@h/d\"}\n");
  EXPECT_THAT(text, HasSubstr("c.yaml:2:"));
  EXPECT_EQ(text.find("can@ry"), std::string::npos);
}

}  // namespace
}  // namespace cpi::declare
