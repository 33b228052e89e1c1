// Every type of the server through the whole walk, from a file's text to the table: what COPY takes arrives as COPY
// would have stored it, what COPY refuses is a reject. Where cpi is stricter than COPY on purpose (a meaning that COPY
// guesses), the row says so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "import/load.h"
#include "support/cluster.h"

namespace cpi::import {
namespace {

namespace fs = std::filesystem;

struct TypeRow {
  const char* type;
  std::vector<std::string> values;         ///< good and bad ones; COPY decides which is which
  std::vector<std::string> stricter = {};  ///< COPY takes them, cpi does not
};

const std::vector<TypeRow> kTypes = {
    {"smallint", {"1", "-32768", "32768", " 7 ", "1.0", "x"}},
    {"integer", {"0", "+5", "2147483648", "1e3", "--1"}},
    {"bigint", {"9223372036854775807", "9223372036854775808", "1,000"}},
    {"numeric", {"1.10", "1e5", "NaN", "Infinity", "1.2.3", ".5", "5."}},
    {"numeric(5,2)", {"999.99", "999.994", "999.995", "1000"}},
    {"real", {"1.5", "1e38", "1e39", "nan", "-infinity", "1,5"}},
    {"double precision", {"0.1", "1e308", "1e309", "inf", "abc"}},
    {"money", {"12.34", "$1,000.00", "(5.00)", "abc", "1,5", "1,50"}, {"1,5", "1,50"}},
    {"boolean", {"t", "yes", "on", "1", "0", "tr", "maybe", "2"}},
    {"date", {"2024-02-29", "2023-02-29", "20240131", "infinity", "epoch", "0044-03-15 BC", "yesterdayish"}},
    {"time", {"04:05:06.789", "04:05 PM", "24:00:00", "25:00:00", "noon"}},
    {"timetz", {"04:05:06+02", "04:05:06-08:00", "04:05:06 nowhere/land"}},
    {"timestamp", {"2024-01-31 12:34:56.789", "2024-01-31T12:34:56", "2024-13-01 00:00:00", "-infinity"}},
    {"timestamptz", {"2024-01-31 12:34:56+02", "2024-01-31T12:34:56Z", "2024-01-31 25:00:00+00"}},
    {"interval", {"1 day 2 hours", "P1Y2M", "1-2", "@ 5 minutes ago", "1 dax"}},
    {"uuid", {"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "{a0eebc999c0b4ef8bb6d6bb9bd380a11}", "a0eebc99"}},
    {"text", {"plain", "  blanks  ", "ünïcödé"}},
    {"varchar(3)", {"abc", "abc  ", "abcd"}},
    {"char(3)", {"ab", "abc", "abcd"}},
    {"\"char\"", {"a", "ab", "\\101"}},
    {"name", {"relname", std::string(70, 'n')}},
    {"bytea", {"\\xDEADBEEF", "\\xDEADBEE", "abc\\\\000", "\\9"}},
    {"bit(3)", {"101", "1011", "10", "102"}},
    {"varbit(3)", {"1", "101", "1011", "x5"}},
    {"json", {R"({"a":1})", "[1, 2]", "null", "{a}", "{\"a\":"}},
    {"jsonb", {R"({"b":1,"a":2})", "\"\\u0041\"", "\"\\u0000\"", "{"}},
    {"jsonpath", {"$.a[*]", "$.a["}},
    {"xml", {"<a>1</a>", "<a>1</b>"}},
    {"inet", {"192.168.0.1/24", "::1", "192.168.0.256"}},
    {"cidr", {"192.168.0.0/24", "192.168.0.1/24", "::/0"}},
    {"macaddr", {"08:00:2b:01:02:03", "08002b:010203", "08:00:2b:01:02"}},
    {"macaddr8", {"08:00:2b:01:02:03:04:05", "08:00:2b:01:02"}},
    {"point", {"(1,2)", "1,2", "(1)"}},
    {"line", {"{1,2,3}", "{0,0,1}"}},
    {"lseg", {"[(0,0),(1,1)]", "[(0,0)]"}},
    {"box", {"(1,1),(0,0)", "(1,1)"}},
    {"path", {"[(0,0),(1,1)]", "[(0,0),(1)]"}},
    {"polygon", {"((0,0),(1,1),(1,0))", "((0,0),(1"}},
    {"circle", {"<(0,0),2>", "<(0,0),-2>"}},
    {"tsvector", {"'a':1 'b':2", "fat cat", "'a"}},
    {"tsquery", {"fat & rat", "fat &"}},
    {"int4range", {"[1,5)", "empty", "[5,1)", "[1"}},
    {"numrange", {"(,1.5]", "[2,1]"}},
    {"daterange", {"[2024-01-01,2024-02-01)", "[x,y)"}},
    {"tstzrange", {"[2024-01-01 00:00+00,2024-02-01 00:00+00)", "[2024-02-01 00:00+00,2024-01-01 00:00+00)"}},
    {"int4multirange", {"{[1,3),[5,7)}", "{[1,3)"}},
    {"integer[]", {"{1,2}", "{{1},{2}}", "{1,x}", "{1", "{}"}},
    {"text[]", {"{a,\"b c\",NULL}", "{a,\"b}"}},
    {"varchar(2)[]", {"{ab}", "{abc}"}},
    {"oid", {"42", "4294967295", "4294967296", "x"}},
    {"regclass", {"pg_class", "no_such_relation", "1259", "99999", "-", "pg_catalog.pg_class"}},
    {"regclass[]", {"{pg_class,1259,-}", "{no_such_relation}"}},
    {"pg_lsn", {"16/B374D848", "16B374D848"}},
    {"xid8", {"42", "x"}},
    {"mood", {"sad", "angry", "happy", "Sad"}},
    {"positive", {"5", "-5", "x"}},
    {"short", {"ab", "abc"}},
    {"pair", {"(1,a)", "(x,a)", "(1)"}},
    {"citext", {"AbC"}},
    // Types with a cast from text of their own, which is not how they are read.
    {"colour", {"red", "RED", "green"}},
    {"inch", {"(1,2)", "1"}},
    {"hstore", {"a=>1, b=>NULL", "a=>"}},
    // Modifiers, and what lies at the edges of what a type can hold.
    {"numeric(3,5)", {"0.00123", "0.001234", "0.00999", "0.01", "1"}},
    {"numeric(3,-2)", {"12345", "99949", "99950", "-50", "49.9"}},
    {"numeric(1000,3)", {std::string(997, '9') + ".9994", std::string(997, '9') + ".9995", "1e-4", "1e997"}},
    {"timestamp(0)", {"2024-12-31 23:59:59.5", "2024-12-31 23:59:59.4", "24:00", "2024-02-30 10:00"}},
    {"timestamptz(3)",
     {"2024-01-31 12:34:56.7894 Europe/Berlin", "2024-03-31 02:30:00 Europe/Berlin", "2024-01-31 12:00 CET"}},
    {"time(0)", {"23:59:59.5", "23:59:59.4", "23:59:60", "24:00:01"}},
    {"timetz(1)", {"04:05:06.78+02", "2024-07-01 04:05:06 Europe/Berlin", "04:05:06 Europe/Berlin"}},
    {"interval hour to second", {"1 day 2:03:04", "90", "1-2", "P1DT2H"}},
    {"interval hour", {"12", "1 day 2:03:04", "1.5", "x"}},
    {"interval year", {"5", "1-2", "x"}},
    {"interval minute to second", {"10:20", "5", "1:02:03", "10:x"}},
    {"interval day to hour", {"3", "3 4", "1 day 2 hours", "3 x"}},
    {"interval second(1)", {"1.26", "2.25"}},
    {"interval hour[]", {"{12,13}", "{{1},{NULL}}", "{}", "[2:3]={1,\"2 days\"}", "{x}", "{1"}},
    {"hours", {"12", "30", "x"}},
    {"hour_list", {"{12,13}", "{1,2,3}", "{x}"}},
    {"hours[]", {"{12,13}", "{30}"}},
    {"shift", {"(12,x)", "(y,x)"}},
    {"interval(0)", {"1.5 seconds", "2.5 seconds", "1 mon -1 day", "1000000000 years"}},
    {"char(3)[]", {"{ab,abc}", "{abcd}", "{\"abc  \"}"}},
    {"bit(3)[]", {"{101}", "{1011}"}},
    {"varbit", {"", "0", "X1F", "B101", "2"}},
    {"numeric(4,1)[]", {"{1.25,999.94}", "{999.95}"}},
    {"pair[]", {"{\"(1,a)\",\"(2,\\\"b c\\\")\"}", "{(1,a)}", "{\"(x,a)\"}"}},
    {"mood[]", {"{sad,happy}", "{sad,angry}", "{Sad}"}},
    {"positive[]", {"{1,2}", "{1,-2}"}},
    {"email", {"a@b", "ab", "A@B", ""}},
    {"filled", {"x", "", " "}},
    {"short_email", {"a@b", "a@bcdef", "ab"}},
    {"floatrange", {"[1.5,2.5)", "[2,1]", "(,)"}},
    {"nested", {"(1,\"(2,x)\")", "(1,\"(y,x)\")"}},
    {"citext[]", {"{A,b}", "{A"}},
    {"regtype", {"int4", "no_such_type", "pg_catalog.text"}},
    {"regproc", {"now", "no_such_function"}},
    {"regrole", {"no_such_role", "pg_monitor"}},
    {"oid[]", {"{1,4294967295}", "{4294967296}"}},
    {"ltree", {"Top.Science", "Top..x"}},
};

/// Where DateStyle and time zone decide.
const std::vector<TypeRow> kTimes = {
    {"date",
     {"99999-12-31", "10000-01-01", "5874897-12-31", "5874898-01-01", "4713-01-01 BC", "0000-01-01", "0001-01-01",
      "13.02.2024", "31.12.99", "2024-060", "J2451187", "Jan 5, 2024", "5-Jan-2024", "2024 Jan 5", "today is"}},
    {"timestamp",
     {"294276-12-31 23:59:59.999999", "294277-01-01 00:00:00", "4713-11-24 00:00:00 BC", "31.01.2024 24:00:00",
      "2024-01-31 12:34:56.1234567", "2024-01-31 12:34:56.9999999", "2024-01-31 12:34:56+05", "20240131T123456",
      "Wed Jan 31 12:34:56 2024", "2024-01-31 12:34 PM", "2024-01-31 13:34 PM", "epoch"}},
    {"timestamptz",
     {"2024-03-31 02:30:00", "2024-10-27 02:30:00", "2024-10-27 02:30:00 CEST", "1890-01-01 00:00:00",
      "1945-05-24 02:30:00", "2400-07-01 12:00:00", "9999-12-31 23:59:59", "2024-01-31",
      "2024-01-31 12:00 America/New_York", "0044-03-15 12:00:00 BC", "2024-01-31 12:00:00-00:30:15", "infinity"}},
};

/// Values as a format writes them, and as PostgreSQL writes the same; empty where cpi rejects.
struct FormatRow {
  const char* type;
  std::vector<std::pair<std::string, std::string>> values;
};

class LoadTypes : public testing::Test {
 protected:
  LoadTypes() : database(test::Cluster::shared().create_database()), connection(connect()) {
    char pattern[] = "/tmp/cpi_types_XXXXXX";
    directory = ::mkdtemp(pattern);
    connection.exec(
        "CREATE EXTENSION citext; CREATE EXTENSION hstore; CREATE TYPE mood AS ENUM ('sad', 'happy');"
        "CREATE DOMAIN positive AS integer CHECK (VALUE > 0); CREATE DOMAIN short AS varchar(2);"
        "CREATE TYPE pair AS (a integer, b text); CREATE TYPE nested AS (n integer, p pair);"
        "CREATE DOMAIN email AS text CHECK (VALUE ~ '@'); CREATE DOMAIN filled AS text NOT NULL CHECK (VALUE <> '');"
        "CREATE EXTENSION cube; CREATE TYPE line_item AS (a int, b numeric(5,2), c date);"
        "CREATE DOMAIN hours AS interval hour CHECK (VALUE < '1 day');"
        "CREATE DOMAIN hour_list AS interval hour[] CHECK (array_length(VALUE, 1) < 3);"
        "CREATE TYPE shift AS (v interval hour, w text);"
        "CREATE TYPE colour AS ENUM ('red', 'blue'); CREATE TYPE inch AS (a int, b int);"
        "CREATE FUNCTION colour(text) RETURNS colour LANGUAGE sql AS 'SELECT ''blue''::colour';"
        "CREATE CAST (text AS colour) WITH FUNCTION colour(text);"
        "CREATE FUNCTION inch(text) RETURNS inch LANGUAGE sql AS 'SELECT ROW(0, 0)::inch';"
        "CREATE CAST (text AS inch) WITH FUNCTION inch(text);"
        "CREATE DOMAIN amount AS numeric; CREATE DOMAIN short_email AS email CHECK (length(VALUE) < 6);"
        "CREATE TYPE floatrange AS RANGE (subtype = float8); CREATE EXTENSION ltree");
  }
  ~LoadTypes() override { fs::remove_all(directory); }
  db::Connection connect() const { return test::Cluster::shared().connect(database); }

  static std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) out += c == '"' ? "\"\"" : std::string(1, c);
    return out + "\"";
  }

  /// What COPY makes of the values, each by itself: id to the stored text; refused ones are absent.
  std::map<int, std::string> copied(const TypeRow& row) {
    connection.exec(std::string("DROP TABLE IF EXISTS copied; CREATE TABLE copied (id int, v ") + row.type + ")");
    for (std::size_t i = 0; i < row.values.size(); ++i) {
      try {
        db::Transaction transaction(connection);
        connection.exec("SET LOCAL DateStyle = '" + datestyle + "'; SET LOCAL TimeZone = '" + format.timezone + "'");
        db::CopyIn copy = connection.copy_in("COPY copied FROM STDIN (FORMAT csv)");
        copy.put(std::to_string(i) + "," + quoted(row.values[i]) + "\n");
        copy.finish();
        transaction.commit();
      } catch (const db::Error&) {
        continue;
      }
    }
    return stored("copied");
  }

  std::map<int, std::string> stored(const std::string& table) {
    std::map<int, std::string> out;
    const db::Rows rows = connection.exec("SELECT id, v::text FROM " + table);
    for (int i = 0; i < rows.size(); ++i) out[static_cast<int>(rows.int64(i, 0))] = rows.str(i, 1);
    return out;
  }

  LoadResult load(const TypeRow& row) {
    connection.exec(std::string("DROP TABLE IF EXISTS t; CREATE TABLE t (id int PRIMARY KEY, v ") + row.type + ")");
    std::ofstream file(directory / "t.csv", std::ios::binary);
    file << "id,v\n";
    for (std::size_t i = 0; i < row.values.size(); ++i) file << i << "," << quoted(row.values[i]) << "\n";
    file.close();
    const auto source = source::make_named_files_source({}, directory, {"t.csv"});
    LoadRequest request;
    request.load_id = "load-" + std::to_string(++loads);
    request.table = {"public", "t"};
    request.options.on_error = config::OnError::kContinue;
    request.options.format = format;
    request.file = source->list()->front();
    Progress progress;
    const std::function<db::Connection()> connector = [this] { return connect(); };
    LoadContext context{*source, connector, progress, std::stop_token()};
    return load_file(request, context);
  }

  std::string database;
  db::Connection connection;
  fs::path directory;
  value::Format format;
  std::string datestyle = "ISO, MDY";
  int loads = 0;

  void compare(const TypeRow& row) {
    SCOPED_TRACE(row.type);
    std::map<int, std::string> expected = copied(row);
    for (std::size_t i = 0; i < row.values.size(); ++i) {
      const bool stricter = std::find(row.stricter.begin(), row.stricter.end(), row.values[i]) != row.stricter.end();
      if (stricter) {
        EXPECT_EQ(expected.erase(static_cast<int>(i)), 1U) << row.values[i];
      }
    }
    const LoadResult result = load(row);
    ASSERT_TRUE(result.success) << result.error->message << " " << result.error->detail;
    EXPECT_EQ(stored("t"), expected);
    EXPECT_EQ(result.counts.rejected, static_cast<std::int64_t>(row.values.size() - expected.size()));
    for (const csv::Reject& reject : result.rejects) EXPECT_EQ(reject.column, "v") << reject.message;
  }

  void compare_meaning(const FormatRow& row) {
    SCOPED_TRACE(row.type);
    TypeRow plain{row.type, {}};
    TypeRow written{row.type, {}};
    for (const auto& [text, meaning] : row.values) {
      written.values.push_back(text);
      plain.values.push_back(meaning);
    }
    std::map<int, std::string> expected = copied(plain);
    for (std::size_t i = 0; i < row.values.size(); ++i) {
      if (plain.values[i].empty()) expected.erase(static_cast<int>(i));
    }
    const LoadResult result = load(written);
    ASSERT_TRUE(result.success) << result.error->message << " " << result.error->detail;
    EXPECT_EQ(stored("t"), expected);
    for (const csv::Reject& reject : result.rejects) EXPECT_EQ(reject.column, "v") << reject.message;
  }
};

TEST_F(LoadTypes, WhatCopyTakesArrivesAndWhatItRefusesIsRejected) {
  for (const TypeRow& row : kTypes) compare(row);
}

TEST_F(LoadTypes, DatesAndTimesAreReadAsCopyReadsThemByTheSameSettings) {
  format.date_order_given = true;
  const struct {
    const char* zone;
    value::DateOrder order;
    const char* datestyle;
  } settings[] = {{"UTC", value::DateOrder::kMdy, "ISO, MDY"},
                  {"Europe/Berlin", value::DateOrder::kDmy, "ISO, DMY"},
                  {"America/St_Johns", value::DateOrder::kYmd, "ISO, YMD"}};
  for (const auto& setting : settings) {
    SCOPED_TRACE(setting.zone);
    format.timezone = setting.zone;
    format.date_order = setting.order;
    datestyle = setting.datestyle;
    for (const TypeRow& row : kTimes) compare(row);
  }
}

TEST_F(LoadTypes, NumbersMeanWhatTheFormatSaysWhateverElseIsInTheirColumn) {
  format.decimal_separator = ',';
  format.thousands_separator = ".";
  for (const FormatRow& row : std::vector<FormatRow>{
           {"numeric",
            {{"1.234", "1234"},
             {"12.345", "12345"},
             {"Infinity", "Infinity"},
             {"-inf", "-Infinity"},
             {"NaN", "NaN"},
             {"0.500", ""}}},
           {"amount", {{"1.234,5", "1234.5"}, {"inf", "inf"}, {"1.5", ""}}},
           {"money", {{"1.234,50", "1234.50"}, {"inf", ""}, {"1,5", "1.50"}, {"NaN", ""}}},
           {"double precision", {{"1.234", "1234"}, {"inf", "inf"}, {"1.234e3", ""}}},
       }) {
    compare_meaning(row);
  }
  // What the server reads itself: it knows no separators.
  for (const FormatRow& row : std::vector<FormatRow>{
           {"line_item", {{"(1,1.234,)", ""}, {"(1,2,2024-01-05)", "(1,2,2024-01-05)"}, {"(1,\"1,5\",)", ""}}},
           {"floatrange", {{"[1.234,)", ""}, {"[1, 5)", "[1, 5)"}, {"[1,5)", ""}}},
           {"amount[]", {{"{1.234}", ""}, {"{\"1,5\"}", ""}, {"{1, 5}", "{1, 5}"}}},
           {"line_item[]", {{"{\"(1,1.234,)\"}", ""}, {"{\"(1,2,)\",NULL}", "{\"(1,2,)\",NULL}"}}},
           {"point", {{"1,5", ""}, {"(1, 5)", "(1, 5)"}}},
           {"interval", {{"1.234 days", ""}, {"1,5 hours", ""}, {"1 day 02:03:04.5", "1 day 02:03:04.5"}}},
           {"cube", {{"1.234", ""}, {"(1, 2)", "(1, 2)"}}},
           {"nummultirange", {{"{[1.234,)}", ""}, {"{[1, 5)}", "{[1, 5)}"}}},
           {"hstore", {{"a=>\"1,5\"", "a=>\"1,5\""}}},
           {"ltree", {{"Top.1.234", "Top.1.234"}}},
           {"citext", {{"1.234", "1.234"}}},
           {"mood", {{"sad", "sad"}, {"1.234", ""}}},
           {"jsonb", {{"[1.234,1,5]", "[1.234,1,5]"}}},
           {"inet", {{"192.168.0.1", "192.168.0.1"}}},
           {"time", {{"04:05:06.789", "04:05:06.789"}}},
           {"text[]", {{"{1.234,1,5}", "{1.234,1,5}"}}},
       }) {
    compare_meaning(row);
  }
  format.thousands_separator.clear();
  compare_meaning({"numeric[]", {{"{1.234}", ""}, {"{1, 5}", "{1, 5}"}}});
  compare_meaning({"numrange", {{"[1.234,)", ""}, {"[1, 5)", "[1, 5)"}}});
  compare_meaning({"numeric", {{"1,5", "1.5"}, {"inf", "inf"}, {"1.5", ""}}});
}

TEST_F(LoadTypes, DatesWithinOtherTypesAreNeverGuessed) {
  const std::vector<FormatRow> without_order = {
      {"daterange", {{"[01/02/2024,03/04/2024)", ""}, {"[2024-01-02,2024-03-04)", "[2024-01-02,2024-03-04)"}}},
      {"date[]", {{"{01.02.2024}", ""}, {"{01-Feb-03}", ""}, {"{2024-01-02,NULL}", "{2024-01-02,NULL}"}}},
      {"datemultirange", {{"{[01/02/2024,03/04/2024)}", ""}}},
      {"line_item", {{"(1,2,01/02/2024)", ""}, {"(1,2,2024-01-05)", "(1,2,2024-01-05)"}}},
      {"timetz",
       {{"01/07/2024 10:00 Europe/Berlin", ""},
        {"2024-07-01 10:00 Europe/Berlin", "2024-07-01 10:00 Europe/Berlin"},
        {"10:00:00.5-05:30", "10:00:00.5-05:30"}}},
  };
  for (const FormatRow& row : without_order) compare_meaning(row);
  format.date_format = "DD.MM.YYYY";
  for (const FormatRow& row : std::vector<FormatRow>{
           {"date", {{"01.02.2024", "2024-02-01"}}},
           {"date[]", {{"{01.02.2024}", "{2024-02-01}"}, {"{31.12.2024,NULL}", "{2024-12-31,NULL}"}}},
           {"daterange", {{"[01.02.2024,02.02.2024)", "[2024-02-01,2024-02-02)"}}},
           {"line_item", {{"(1,2,01.02.2024)", "(1,2,2024-02-01)"}}},
       }) {
    compare_meaning(row);
  }
  format.date_format = "YYYY-DD-MM";
  compare_meaning({"date[]", {{"{2024-02-01}", ""}, {"{infinity}", "{infinity}"}}});
}

TEST_F(LoadTypes, ARowWithACharacterThatTheTargetsEncodingLacksIsRejectedByItself) {
  database += "_latin1";
  connection.exec("CREATE DATABASE " + database + " TEMPLATE template0 LOCALE 'C' ENCODING 'LATIN1'");
  connection = connect();
  const std::string lacking = "has no equivalent in LATIN1";
  for (const char* type : {"text", "varchar(20)", "jsonb"}) {
    compare({type, {R"({"k": "ä"})", R"({"k": "€"})", "{}"}});
  }
  compare({"text[]", {"{ä}", "{€}", "{}"}});
  const LoadResult result = load({"text", {"5 €", "ä", "plain", "👍"}});
  ASSERT_TRUE(result.success);
  EXPECT_EQ(result.counts.inserted, 2);
  ASSERT_EQ(result.rejects.size(), 2U);
  EXPECT_EQ(result.rejects[0].line, 2);
  EXPECT_EQ(result.rejects[0].column, "v");
  EXPECT_NE(result.rejects[0].message.find("\"€\" of value \"5 €\" " + lacking), std::string::npos)
      << result.rejects[0].message;
}

TEST_F(LoadTypes, NoTypeOfTheServerIsForgotten) {
  // Base types that a table's column can have and a user can write, but for those that only the server itself makes.
  const db::Rows missing = connection.exec(R"(
SELECT string_agg(t.typname, ' ' ORDER BY t.typname)
FROM pg_type t
WHERE t.typnamespace = 'pg_catalog'::regnamespace AND t.typtype IN ('b', 'r', 'm') AND t.typelem = 0
  AND t.typname NOT IN ('pg_node_tree', 'pg_ndistinct', 'pg_dependencies', 'pg_mcv_list', 'pg_brin_bloom_summary',
                        'pg_brin_minmax_multi_summary', 'gtsvector', 'refcursor', 'aclitem', 'cid', 'tid', 'xid',
                        'txid_snapshot', 'pg_snapshot', 'unknown')
  AND t.typname NOT LIKE 'reg%' AND t.typname NOT LIKE '%range'
  AND t.oid <> ALL (SELECT name::regtype FROM unnest($1::text[]) AS name))",
                                           {[] {
                                             std::vector<std::string> names;
                                             for (const TypeRow& row : kTypes) names.emplace_back(row.type);
                                             return db::array_literal(names);
                                           }()});
  EXPECT_TRUE(missing.is_null(0, 0)) << missing.str(0, 0);
}

}  // namespace
}  // namespace cpi::import
