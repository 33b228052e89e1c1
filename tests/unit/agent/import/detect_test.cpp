#include "import/detect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace cpi::import {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Detect : public testing::Test {
 protected:
  ~Detect() override { std::filesystem::remove(path_); }

  std::unique_ptr<source::File> file(const std::string& text) {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << text;
    auto source = source::make_named_files_source({}, "", {path_});
    const auto entries = source->list();
    auto fetched = source->fetch(entries->front(), {});
    EXPECT_TRUE(fetched.ok()) << fetched.error().message;
    return std::move(*fetched);
  }

  static config::TableOptions automatic() {
    return *config::parse_table_options(
        R"({"delimiter": "auto", "quote": "auto", "escape": "auto", "encoding": "auto", "header": "auto",
            "skiprows": "auto"})");
  }

  Result<Detection> found(const std::string& text, const json& stored = nullptr, bool accept = false,
                          const config::TableOptions& options = automatic()) {
    return detect(*file(text), options, stored, accept, {});
  }

  std::string path_ = (std::filesystem::temp_directory_path() / ("cpi-detect-" + std::to_string(::getpid()))).string();
};

TEST_F(Detect, PutsWhatItFindsInThePlaceOfEachAuto) {
  const Result<Detection> detection = found("a remark\n\nid;name\n1;'x; y'\n2;'it''s'\n3;z\n");
  ASSERT_TRUE(detection.ok()) << detection.error().message;
  const csv::Dialect& dialect = detection->options.dialect;
  EXPECT_EQ(dialect.delimiter, ";");
  EXPECT_EQ(dialect.quote, "'");
  EXPECT_EQ(dialect.skip_rows, 2);
  EXPECT_EQ(dialect.header_rows, 1);
  EXPECT_EQ(detection->options.encoding, "utf-8");
  EXPECT_FALSE(detection->options.detect_delimiter);
  EXPECT_EQ(detection->report["delimiter"], ";");
  EXPECT_GT(detection->report["detected"]["delimiter"]["certainty"].get<double>(), 0.5);
}

TEST_F(Detect, LearnsOnlyWhatTheFileShows) {
  const Result<Detection> detection = found("id;name\n1;x\n2;y\n");
  ASSERT_TRUE(detection.ok());
  EXPECT_EQ(detection->learned["delimiter"], ";");
  EXPECT_FALSE(detection->learned.contains("quote"));
  EXPECT_FALSE(detection->learned.contains("encoding"));
  const Result<Detection> later = found(
      "id;name\n1;\"\xE4\xF6\xFC stra\xDF"
      "e und m\xFChle\"\n2;y\n",
      detection->learned);
  ASSERT_TRUE(later.ok()) << later.error().message;
  EXPECT_EQ(later->learned["quote"], "\"");
  EXPECT_EQ(later->learned["encoding"], "windows-1252");
  EXPECT_EQ(later->learned["filename"], detection->learned["filename"]);
}

TEST_F(Detect, AFileLikeTheOnesBeforeItIsReadLikeThem) {
  const json stored = {{"delimiter", ";"},     {"quote", "\""}, {"escape", ""},
                       {"header", true},       {"skiprows", 0}, {"encoding", "windows-1252"},
                       {"filename", "may.csv"}};
  for (const char* text : {"id;name\n1;x\n", "id;name\n", "id;price\n1;2,5\n2;3,5\n", "id;name\n1;\"a;b\"\n"}) {
    const Result<Detection> detection = found(text, stored);
    ASSERT_TRUE(detection.ok()) << text << ": " << detection.error().message << detection.error().detail;
    EXPECT_EQ(detection->options.dialect.delimiter, ";") << text;
    EXPECT_EQ(detection->options.encoding, "windows-1252") << "ASCII may be anything: " << text;
    EXPECT_EQ(detection->learned, stored) << text;
  }
}

TEST_F(Detect, AnotherDialectIsAnErrorThatNamesBoth) {
  const json stored = {{"delimiter", ";"}, {"header", true}, {"skiprows", 0}, {"filename", "may.csv"}};
  const std::string text = "id,name,day\n1,x,2024-01-01\n2,y,2024-01-02\n";
  const Result<Detection> detection = found(text, stored);
  ASSERT_FALSE(detection.ok());
  EXPECT_EQ(detection.error().code, Code::kDialectChanged);
  EXPECT_THAT(detection.error().message, HasSubstr("delimiter is \",\", was \";\""));
  EXPECT_THAT(detection.error().detail, HasSubstr("Stored from \"may.csv\": delimiter \";\""));
  EXPECT_THAT(detection.error().hint, HasSubstr("force"));
  const Result<Detection> accepted = found(text, stored, true);
  ASSERT_TRUE(accepted.ok());
  EXPECT_EQ(accepted->options.dialect.delimiter, ",");
  EXPECT_EQ(accepted->learned["delimiter"], ",");
}

TEST_F(Detect, AnotherEncodingHeaderOrPreambleIsAChangeToo) {
  const json stored = {{"delimiter", ","}, {"header", true}, {"skiprows", 0}, {"encoding", "utf-8"}};
  EXPECT_THAT(found("id,name\n1,M\xFCller und S\xF6hne stra\xDF"
                    "e\n",
                    stored)
                  .error()
                  .message,
              HasSubstr("encoding is"));
  EXPECT_THAT(found("1,2024-01-01\n2,2024-01-02\n3,2024-01-03\n", stored).error().message,
              HasSubstr("header is false"));
  EXPECT_THAT(found("a remark\nid,name\n1,x\n2,y\n3,z\n", stored).error().message, HasSubstr("skiprows is 1"));
}

TEST_F(Detect, ADelimiterThatIsNotInTheFileIsAChange) {
  const json stored = {{"delimiter", ";"}, {"header", true}, {"skiprows", 0}};
  EXPECT_THAT(found("id\001name\n1\001x y\n2\001z\n", stored).error().message,
              HasSubstr("delimiter is \"\\u0001\", was"));
  EXPECT_THAT(found("name\nAnn\nBob\n", stored).error().message, HasSubstr("delimiter \";\" does not occur in it"));
  EXPECT_EQ(found("name\nAnn\nBob\n", stored).error().code, Code::kDialectChanged);
  EXPECT_TRUE(found("id;name\n", stored).ok()) << "a header alone shows it";
}

TEST_F(Detect, AnotherCodePageIsAChangeWhenTheFileReadsWorseByTheStoredOne) {
  const json stored = {{"delimiter", ";"}, {"header", true}, {"skiprows", 0}, {"encoding", "windows-1252"}};
  // "Müller" and more in code page 850, where ü is 0x81: a control character in windows-1252.
  const std::string dos =
      "id;name\n1;M\x81ller\n2;Gr\x94\xE1"
      "e\n3;K\x94ln\n4;J\x81rgen\n";
  const Result<Detection> detection = found(dos, stored);
  ASSERT_FALSE(detection.ok());
  EXPECT_EQ(detection.error().code, Code::kDialectChanged);
  EXPECT_THAT(detection.error().message, HasSubstr("encoding is \"cp850\", was \"windows-1252\""));
  EXPECT_EQ(found(dos, stored, true)->options.encoding, "cp850") << "with force";
  const Result<Detection> alike = found(
      "id;name\n1;M\xFCller\n2;Gr\xF6\xDF"
      "e\n",
      {{"encoding", "iso-8859-1"}});
  ASSERT_TRUE(alike.ok()) << alike.error().message;
  EXPECT_EQ(alike->options.encoding, "iso-8859-1") << "the same text";
  for (const std::string& warning : alike->warnings) EXPECT_THAT(warning, testing::Not(HasSubstr("another text")));
}

TEST_F(Detect, AnEncodingThatMakesAnotherTextIsKeptWithAWarning) {
  const Result<Detection> detection = found(
      "id;name\n1;Mu\xF1oz\n2;Pe\xF1"
      "a\n",
      {{"delimiter", ";"}, {"encoding", "iso-8859-2"}});
  ASSERT_TRUE(detection.ok()) << detection.error().message;
  EXPECT_EQ(detection->options.encoding, "iso-8859-2");
  EXPECT_THAT(detection->warnings,
              testing::Contains(testing::AllOf(HasSubstr("like the files before it"), HasSubstr("windows-1252"))));
}

TEST_F(Detect, WhatWasLearnedWithLittleCertaintyIsWarnedOfUntilAFileShowsIt) {
  const Result<Detection> first = found("id;name\n1;caf\xE9\n2;x\n");
  ASSERT_TRUE(first.ok()) << first.error().message;
  EXPECT_EQ(first->options.encoding, "windows-1252");
  EXPECT_THAT(first->warnings, testing::Contains(HasSubstr("encoding was detected as \"windows-1252\"")));
  EXPECT_LT(first->learned["certainty"]["encoding"].get<double>(), csv::kFairlyCertain);
  EXPECT_FALSE(first->learned["certainty"].contains("delimiter"));
  const Result<Detection> second = found("id;name\n1;caf\xE9\n2;y\n", first->learned);
  ASSERT_TRUE(second.ok()) << second.error().message;
  EXPECT_THAT(second->warnings, testing::Contains(HasSubstr("encoding was detected as")));
  const Result<Detection> third = found(
      "id;name\n1;Stra\xDF"
      "e und M\xFChle\n2;gro\xDF und sch\xF6n\n3;Gr\xF6\xDF"
      "e der K\xFC"
      "che\n4;f\xFCr die T\xFCr\n5;\xFC"
      "ber und das Geb\xE4ude der Gesch\xE4"
      "fte\n",
      first->learned);
  ASSERT_TRUE(third.ok()) << third.error().message;
  EXPECT_GE(third->learned["certainty"]["encoding"].get<double>(), csv::kFairlyCertain);
  EXPECT_THAT(third->warnings, testing::Not(testing::Contains(HasSubstr("encoding"))));
  EXPECT_THAT(found("id;name\n1;caf\xE9\n2;y\n", third->learned)->warnings,
              testing::Not(testing::Contains(HasSubstr("encoding"))));
  json certain = first->learned;
  certain.erase("certainty");
  EXPECT_THAT(found("id;name\n1;caf\xE9\n2;y\n", certain)->warnings, IsEmpty());
}

TEST_F(Detect, ALaterFileWithoutTheHeaderIsAChangeThoughItsRowsAreWords) {
  const Result<Detection> first = found("name;town\nAda;Rome\nBob;Oslo\n");
  ASSERT_TRUE(first.ok()) << first.error().message;
  EXPECT_EQ(first->learned["columns"], json({"name", "town"}));
  const Result<Detection> later = found("Dora;Lyon\nEmil;Bern\n", first->learned);
  ASSERT_FALSE(later.ok());
  EXPECT_EQ(later.error().code, Code::kDialectChanged);
  EXPECT_THAT(later.error().message, HasSubstr("header seems to be missing: \"Dora\""));
  for (const char* text : {"Town;country\nLyon;France\nBern;Suisse\n", "town;name\n", "id;price\n1;5\n2;7\n"}) {
    EXPECT_TRUE(found(text, first->learned).ok()) << text;
  }
}

TEST_F(Detect, LinesThatAreLeftOutAreToldForEachFile) {
  const std::string text = "Report\nof May\n\nid;name\n1;x\n2;y\n";
  const Result<Detection> first = found(text);
  ASSERT_TRUE(first.ok()) << first.error().message;
  EXPECT_THAT(first->warnings, testing::Contains("3 lines before the table are ignored, the first: \"Report\""));
  EXPECT_THAT(found(text, first->learned)->warnings, testing::Contains(HasSubstr("3 lines before the table")));
}

TEST_F(Detect, OnlyWhatIsAutoIsLookedAtAndHeldAgainstTheStored) {
  const config::TableOptions options = *config::parse_table_options(R"({"delimiter": ",", "header": "auto"})");
  const Result<Detection> detection =
      found("id,name\n1,x\n2,y\n", {{"delimiter", ";"}, {"header", true}}, false, options);
  ASSERT_TRUE(detection.ok()) << detection.error().message;
  EXPECT_EQ(detection->report["detected"].size(), 1u);
}

TEST_F(Detect, NoConvincingReadingIsAnErrorThatSaysWhatToSet) {
  const Result<Detection> detection = found("a,b;c\nd,e;f\ng,h;i\n");
  ASSERT_FALSE(detection.ok());
  EXPECT_EQ(detection.error().code, Code::kDialectUnclear);
  EXPECT_THAT(detection.error().hint, HasSubstr("set \"delimiter\""));
}

TEST_F(Detect, AGuessThatIsNotCertainIsAWarning) {
  const Result<Detection> detection = found("name,town\nAnn,Rome\nBob,Oslo\n");
  ASSERT_TRUE(detection.ok());
  ASSERT_EQ(detection->warnings.size(), 1u);
  EXPECT_THAT(detection->warnings[0], HasSubstr("header was detected as true"));
}

TEST_F(Detect, TheFirstByteBeyondAsciiIsFoundWhereverItIs) {
  std::string text = "id,name\n";
  while (text.size() < 900'000) text += "1,abcdefgh\n";
  text +=
      "2,M\xFCller in der Gro\xDF"
      "en Stra\xDF"
      "e, K\xF6ln\n";
  while (text.size() < 2'000'000) text += "1,abcdefgh\n";
  const Result<Detection> detection = found(text);
  ASSERT_TRUE(detection.ok()) << detection.error().message;
  EXPECT_EQ(detection->options.encoding, "windows-1252");
}

TEST_F(Detect, AdviceNamesWhatWouldFit) {
  const config::TableOptions usual;
  EXPECT_THAT(advice(*file("id;name;qty\n1;a;5\n2;b;7\n"), usual, {}),
              HasSubstr("separated by \";\": set \"delimiter\": \";\""));
  EXPECT_THAT(advice(*file("made by Jo\non Monday\nid,name,qty\n1,a,5\n2,b,7\n3,c,9\n"), usual, {}),
              HasSubstr("begin at line 3: set \"skiprows\": 2"));
  EXPECT_THAT(advice(*file("id,name,qty\n1,M\xFCller,5\n2,Stra\xDF"
                           "e,7\n"),
                     usual, {}),
              HasSubstr("\"encoding\": \"windows-1252\""));
  EXPECT_THAT(advice(*file("id,name,qty\n1,a,5\n2,b,7\n"), usual, {}), IsEmpty());
  EXPECT_THAT(advice(*file("name\nAnn\n"), usual, {}), IsEmpty());
}

TEST_F(Detect, AdviceSkipsNoHeaderThatAQuoteHasDamaged) {
  config::TableOptions usual;
  for (const std::string header : {"id,\"name,qty", "id,na\"me,qty", "\"id,name,qty", "id,\"na\"me,qty"}) {
    EXPECT_THAT(advice(*file(header + "\n1,a,5\n2,b,7\n3,c,9\n"), usual, {}), Not(HasSubstr("skiprows"))) << header;
  }
  EXPECT_THAT(advice(*file("5\" pipes\nid,name,qty\n1,a,5\n2,b,7\n3,c,9\n"), usual, {}), HasSubstr("\"skiprows\": 1"));
  usual.dialect.skip_rows = 1;
  EXPECT_THAT(advice(*file("made by Jo\nid,\"name,qty\n1,a,5\n2,b,7\n3,c,9\n"), usual, {}), Not(HasSubstr("skiprows")));
}

}  // namespace
}  // namespace cpi::import
