// Spellings that only a format explains, against a real PostgreSQL that writes them: date_format against to_char,
// separators against to_char, staged text against the server's own reading under the format's settings.
#include <gtest/gtest.h>

#include <iostream>
#include <optional>
#include <random>
#include <set>

#include "core/value/shape_text.h"
#include "core/value/text_scan.h"
#include "core/value/type_oid.h"
#include "support/cluster.h"
#include "unit/core/value/agreement_cases.h"
#include "unit/core/value/conversion.h"

namespace cpi::value::test {

namespace {

TEST(FormatAgreement, ADateFormatReadsWhatToCharWrites) {
  db::Connection connection = cpi::test::Cluster::shared().connect();
  for (const std::string pattern : {"DD.MM.YYYY HH24:MI:SS.US", "YYYYMMDDHH24MISSUS", "FMDD/FMMM/YYYY HH12:MI:SS.US AM",
                                    "DD-MON-YYYY HH24:MI:SS,US", "FMMonth DD, YYYY HH24:MI:SS.US",
                                    "YYYY-MM-DD\"T\"HH24:MI:SS.US", "MM/DD/YY HH12:MI:SS.US pm"}) {
    const db::Rows rows = connection.exec(
        "SELECT to_char(t, $1), to_char(t, 'YYYY-MM-DD HH24:MI:SS.US') FROM (SELECT timestamp '1970-01-01 "
        "00:00:00.000001'"
        " + n * interval '1 day 17:13:29.654321' FROM generate_series(0, 20000, 7) n) AS s (t)",
        {pattern});
    Format format;
    format.date_format = pattern;
    for (int row = 0; row < rows.size(); ++row) {
      ASSERT_EQ(convert_to_text({kTimestampOid, -1, "timestamp"}, format, rows.text(row, 0)),
                "taken: " + rows.str(row, 1))
          << rows.text(row, 0) << " by " << pattern;
    }
  }
}

TEST(FormatAgreement, SeparatorsReadWhatToCharWrites) {
  db::Connection connection = cpi::test::Cluster::shared().connect();
  const db::Rows rows = connection.exec(
      "SELECT to_char(v, 'FM999,999,999,999,990.000'), translate(to_char(v, 'FM999,999,999,999,990.000'), ',.', '.,'), "
      "v::text"
      " FROM (SELECT ((-1)^n * 1.37^(n / 10.0))::numeric(30, 3) FROM generate_series(1, 850) n) AS s (v)");
  Format english;
  english.thousands_separator = ",";
  Format german;
  german.decimal_separator = ',';
  german.thousands_separator = ".";
  const ColumnType numeric{kNumericOid, -1, "numeric"};
  for (int row = 0; row < rows.size(); ++row) {
    const std::string expected = convert(numeric, {}, rows.text(row, 2));
    ASSERT_TRUE(expected.starts_with("taken: "));
    EXPECT_EQ(convert(numeric, english, rows.text(row, 0)), expected) << rows.text(row, 0);
    EXPECT_EQ(convert(numeric, german, rows.text(row, 1)), expected) << rows.text(row, 1);
  }
}

TEST(FormatAgreement, StagedDatesAreCastToWhatTheServerReadsByTheFormatsSettings) {
  db::Connection connection = cpi::test::Cluster::shared().connect();
  for (const AgreementCase& tested : agreement_cases()) {
    const auto oid = tested.type.oid;
    if (oid != kDateOid && oid != kTimestampOid && oid != kTimestamptzOid) continue;
    const auto staging = make_text_staging_converter(tested.type, tested.format);
    ASSERT_TRUE(staging.ok());
    for (const std::string& setting : tested.settings) connection.exec(setting);
    int compared = 0;
    for (const std::string& text : tested.texts) {
      if (!convert(tested.type, tested.format, text).starts_with("taken: ")) continue;
      const std::string staged = convert_to_text(tested.type, tested.format, text).substr(7);
      const std::string type = "::" + tested.type.name;
      const db::Rows answer =
          connection.exec("SELECT ROW($1" + type + ")::record *= ROW($2::text" + type + ")::record", {text, staged});
      EXPECT_TRUE(answer.boolean(0, 0)) << tested.name << ": \"" << text << "\" staged as \"" << staged << '"';
      ++compared;
    }
    EXPECT_GT(compared, 50) << tested.name;
  }
}

/// What the server makes of every text under one DateStyle; nothing for those that it refuses.
std::vector<std::optional<std::string>> read_by_server(db::Connection& connection, const std::string& type,
                                                       const std::string& datestyle,
                                                       const std::vector<std::string>& texts) {
  connection.exec("SET datestyle = '" + datestyle + "'");
  connection.exec(
      "CREATE OR REPLACE FUNCTION pg_temp.read(txt text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN "
      "to_char(txt::" +
      type + ", 'YYYY-MM-DD HH24:MI:SS.US BC'); EXCEPTION WHEN OTHERS THEN RETURN NULL; END $$");
  const db::Rows rows = connection.exec(
      "SELECT pg_temp.read(txt) FROM unnest($1::text[]) WITH ORDINALITY AS t(txt, n) "
      "ORDER BY n",
      {db::array_literal(texts)});
  std::vector<std::optional<std::string>> read;
  for (int row = 0; row < rows.size(); ++row) {
    read.push_back(rows.is_null(row, 0) ? std::nullopt : std::optional(rows.str(row, 0)));
  }
  return read;
}

TEST(FormatAgreement, WithoutAnOrderTheServerIsAskedOnlyAboutDatesThatItReadsAlikeInEveryOrder) {
  constexpr int kRandomTexts = 5000;
  db::Connection connection = cpi::test::Cluster::shared().connect();
  connection.exec("SET timezone = 'UTC'");
  const unsigned seed = std::random_device{}();
  std::cout << "seed " << seed << '\n';
  for (AgreementCase tested : agreement_cases()) {
    if (tested.name != "DateWithoutOrder" && tested.name != "TimestampWithoutOrder") continue;
    tested.alphabet += "JanFebMarch AD BC";
    std::vector<std::string> texts;
    for (const std::string& text : with_random_texts(tested, seed, kRandomTexts)) {
      if (convert(tested.type, {}, text) == "server") texts.push_back(text);
    }
    const auto by_day = read_by_server(connection, tested.type.name, "ISO, DMY", texts);
    const auto by_month = read_by_server(connection, tested.type.name, "ISO, MDY", texts);
    const auto by_year = read_by_server(connection, tested.type.name, "ISO, YMD", texts);
    std::size_t taken = 0;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      std::set<std::string> meanings;
      for (const auto& read : {by_day[i], by_month[i], by_year[i]}) {
        if (read) meanings.insert(*read);
      }
      EXPECT_LE(meanings.size(), 1U) << tested.name << ": \"" << texts[i] << '"';
      taken += meanings.size();
    }
    EXPECT_GT(taken, 20U) << tested.name;
  }
}

/// The parts of a text that are not blank, one behind the other.
std::string joined_parts(const Shape& shape, const std::string& text) {
  std::string all;
  for (const Part& part : parts_of(shape, text)) {
    if (const std::string_view shown = trim(part.text); !shown.empty()) all += "<" + std::string(shown) + ">";
  }
  return all;
}

TEST(FormatAgreement, ArraysRangesAndRowsAreTakenApartAsTheServerDoes) {
  constexpr int kRandomTexts = 4000;
  db::Connection connection = cpi::test::Cluster::shared().connect(cpi::test::Cluster::shared().create_database());
  connection.exec("CREATE TYPE words AS RANGE (subtype = text); CREATE TYPE three AS (a text, b text, c text)");
  const auto text_shape = std::make_shared<const Shape>(Shape{Shape::Kind::kPlain, kTextOid, false, ',', {}});
  const auto made_of = [](Shape::Kind kind, std::vector<std::shared_ptr<const Shape>> parts) {
    return std::make_shared<const Shape>(Shape{kind, 0, false, ',', std::move(parts)});
  };
  const auto range = made_of(Shape::Kind::kRange, {text_shape});
  const auto shown = [](const std::string& value) {
    return "coalesce('<' || btrim(nullif(btrim(" + value + ", E' \\t\\n'), ''), E' \\t\\n') || '>', '')";
  };
  const struct {
    std::string type;
    std::shared_ptr<const Shape> shape;
    std::string parts;  ///< of v
    std::vector<std::string> texts;
  } cases[] = {
      {"text[]",
       made_of(Shape::Kind::kArray, {text_shape}),
       "(SELECT coalesce(string_agg(" + shown("e") + ", '' ORDER BY n), '') FROM unnest(v) WITH ORDINALITY AS u(e, n))",
       {"{a,b}", "{ a , \"b, c\" }", "{{a,b},{c,NULL}}", "{\"a\\\"b\",c\\,d}", "[2:3]={a,b}", "{}", "{\"{x}\",null}"}},
      {"three",
       made_of(Shape::Kind::kRow, {text_shape, text_shape, text_shape}),
       shown("(v).a") + " || " + shown("(v).b") + " || " + shown("(v).c"),
       {"(a,b,c)", "(,,)", "(\"a,b\",\"c\"\"d\",e\\,f)", "( a ,b, c )", "(\"(x)\",)y,z)", "(a\"b,c\"d,e,f)"}},
      {"words",
       range,
       "CASE WHEN isempty(v) THEN NULL ELSE " + shown("lower(v)") + " || " + shown("upper(v)") + " END",
       {"[a,b)", "(,b]", "[\"a,b\",\"c\"\"d\"]", "[a\\,b,c)", "empty", "[\"a)\",b]"}},
  };
  const unsigned seed = std::random_device{}();
  std::cout << "seed " << seed << '\n';
  for (const auto& tested : cases) {
    AgreementCase random{"", {}, {}, {}, tested.texts, "ab,\"\\{}[]() "};
    const std::vector<std::string> texts = with_random_texts(random, seed, kRandomTexts);
    connection.exec(
        "CREATE OR REPLACE FUNCTION pg_temp.parts(txt text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN DECLARE v " +
        tested.type + " := txt::" + tested.type + "; BEGIN RETURN " + tested.parts +
        "; END; EXCEPTION WHEN OTHERS THEN RETURN NULL; END $$");
    int taken = 0;
    for (const std::string& text : texts) {
      const db::Rows rows = connection.exec("SELECT pg_temp.parts($1)", {text});
      if (rows.is_null(0, 0)) continue;
      ++taken;
      EXPECT_EQ(joined_parts(*tested.shape, text), rows.str(0, 0)) << tested.type << ": " << text;
    }
    EXPECT_GT(taken, 100) << tested.type;
  }
}

}  // namespace

}  // namespace cpi::value::test
