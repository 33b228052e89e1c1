// What holds for every converter: staging types are the column's own, and nothing outside the text is ever read.
#include "core/value/converter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "core/value/embedded.h"
#include "core/value/infer.h"
#include "core/value/type_oid.h"
#include "unit/core/value/agreement_cases.h"

namespace cpi::value::test {

namespace {

TEST(Converter, StagesInTheColumnsOwnType) {
  const struct {
    ColumnType type;
    bool canonical;
    std::string reason;
  } cases[] = {
      {{kBoolOid, -1, "boolean"}, true, ""},
      {{kInt2Oid, -1, "smallint"}, true, ""},
      {{kInt4Oid, -1, "integer"}, true, ""},
      {{kInt8Oid, -1, "bigint"}, true, ""},
      {{kOidOid, -1, "oid"}, true, ""},
      {{kFloat4Oid, -1, "real"}, false, "0 equals -0"},
      {{kFloat8Oid, -1, "double precision"}, false, "0 equals -0"},
      {{kNumericOid, -1, "numeric"}, false, "1.0 equals 1.00"},
      {{kNumericOid, (10 << 16 | 2) + 4, "numeric(10,2)"}, true, "one scale for all"},
      {{kNumericOid, (3 << 16 | (-2 & 0x7FF)) + 4, "numeric(3,-2)"}, true, "one scale for all"},
      {{kTextOid, -1, "text"}, true, ""},
      {{kVarcharOid, -1, "character varying"}, true, ""},
      {{kVarcharOid, 9, "character varying(5)"}, true, ""},
      {{kBpcharOid, 9, "character(5)"}, false, "trailing blanks do not count"},
      {{kBpcharOid, -1, "bpchar"}, false, "trailing blanks do not count"},
      {{kDateOid, -1, "date"}, true, ""},
      {{kTimestampOid, -1, "timestamp without time zone"}, true, ""},
      {{kTimestampOid, 0, "timestamp(0) without time zone"}, true, ""},
      {{kTimestampOid, 6, "timestamp(6) without time zone"}, true, ""},
      {{kTimestamptzOid, 3, "timestamp(3) with time zone"}, true, ""},
      {{kUuidOid, -1, "uuid"}, true, ""},
  };
  for (const auto& tested : cases) {
    const auto made = make_converter(tested.type, {});
    ASSERT_TRUE(made.ok()) << tested.type.name;
    EXPECT_EQ((**made).staging_type(), tested.type.name);
    EXPECT_FALSE((**made).needs_cast()) << tested.type.name;
    EXPECT_EQ((**made).is_canonical(), tested.canonical) << tested.type.name << ' ' << tested.reason;
  }
}

TEST(Converter, OtherTypesAreStagedAsText) {
  for (const std::uint32_t oid : {17U, 18U, 19U, 114U, 3802U, 1082U + 100, 1186U, 16999U}) {
    const auto made = make_converter({oid, -1, "?"}, {});
    ASSERT_TRUE(made.ok());
    EXPECT_EQ((**made).staging_type(), "text");
    EXPECT_TRUE((**made).needs_cast());
    EXPECT_FALSE((**made).is_canonical());
  }
}

TEST(Converter, MoneyIsStagedAsANumberWhereTheFormatHasSeparators) {
  Format german;
  german.decimal_separator = ',';
  german.thousands_separator = ".";
  EXPECT_EQ((**make_converter({kMoneyOid, -1, "money"}, {})).staging_type(), "text");
  EXPECT_EQ((**make_converter({kMoneyOid, -1, "money"}, german)).staging_type(), "numeric");
}

// Shapes as the catalog gives them.
std::shared_ptr<const Shape> plain(std::uint32_t oid, bool textual = false) {
  Shape shape;
  shape.oid = oid;
  shape.textual = textual;
  return std::make_shared<const Shape>(shape);
}

std::shared_ptr<const Shape> made_of(Shape::Kind kind, std::vector<std::shared_ptr<const Shape>> parts,
                                     char delimiter = ',') {
  Shape shape;
  shape.kind = kind;
  shape.oid = 99999;
  shape.delimiter = delimiter;
  shape.parts = std::move(parts);
  return std::make_shared<const Shape>(std::move(shape));
}

constexpr std::uint32_t kPointOid = 600;
constexpr std::uint32_t kBoxOid = 603;
constexpr std::uint32_t kIntervalOid = 1186;
constexpr std::uint32_t kTimetzOid = 1266;
constexpr std::uint32_t kJsonOid = 114;
constexpr std::uint32_t kInetOid = 869;
constexpr std::uint32_t kExtensionOid = 20000;

class Embedded : public testing::Test {
 protected:
  using Kind = Shape::Kind;

  std::string verdict(const std::shared_ptr<const Shape>& shape, const std::string& text) const {
    const auto made = make_converter({shape->oid, -1, "its type", shape}, format);
    CopyBuffer out;
    std::string why;
    if ((**made).write(text, out, why) == Verdict::kOk) {
      EXPECT_EQ(std::string(out.data() + 4, out.size() - 4), text) << "what is not rejected is staged as it came";
      return "taken";
    }
    return why;
  }
  void takes(const std::shared_ptr<const Shape>& shape, const std::string& text) const {
    EXPECT_EQ(verdict(shape, text), "taken") << text;
  }
  void rejects(const std::shared_ptr<const Shape>& shape, const std::string& text, const std::string& naming) const {
    const std::string why = verdict(shape, text);
    EXPECT_TRUE(why.starts_with("value \"" + text + "\" of type its type: ")) << text << ": " << why;
    EXPECT_NE(why.find(naming), std::string::npos) << text << ": " << why;
  }

  Format format;
  const std::shared_ptr<const Shape> integers = made_of(Kind::kArray, {plain(kInt4Oid)});
  const std::shared_ptr<const Shape> numerics = made_of(Kind::kArray, {plain(kNumericOid)});
  const std::shared_ptr<const Shape> numeric_range = made_of(Kind::kRange, {plain(kNumericOid)});
  const std::shared_ptr<const Shape> row =
      made_of(Kind::kRow, {plain(kInt4Oid), plain(kNumericOid), plain(kDateOid), plain(kTextOid)});
  const std::shared_ptr<const Shape> dates = made_of(Kind::kArray, {plain(kDateOid)});
  const std::shared_ptr<const Shape> date_range = made_of(Kind::kRange, {plain(kDateOid)});
  const std::shared_ptr<const Shape> timestamps = made_of(Kind::kArray, {plain(kTimestamptzOid)});
};

TEST_F(Embedded, SeparatorsAreRejectedWhereverTheServerReadsNumbers) {
  format.decimal_separator = ',';
  rejects(numerics, "{1,5}", "decimal_separator \",\"");
  rejects(numeric_range, "[1,5)", "decimal_separator \",\"");
  takes(numeric_range, "[1,)");
  takes(integers, "{1,5}");
  rejects(numerics, "{1.234}", "not the decimal_separator");
  rejects(numeric_range, "[1.234,)", "not the decimal_separator");
  rejects(made_of(Kind::kMultirange, {numeric_range}), "{[1,2],[3.5,4]}", "separator");
  rejects(plain(kIntervalOid), "1,5 hours", "decimal_separator");
  rejects(plain(kIntervalOid), "1.5 hours", "not the decimal_separator");
  takes(plain(kIntervalOid), "1 day 02:03:04.5");
  rejects(plain(kPointOid), "1,5", "decimal_separator");
  takes(plain(kPointOid), "(1, 5)");
  rejects(plain(kExtensionOid), "(1.5, 2)", "not the decimal_separator");
  takes(plain(kExtensionOid, true), "1.5");
  takes(plain(kJsonOid), R"({"a": 1.5, "b": [1,5]})");
  takes(plain(kInetOid), "192.168.0.1");

  format.thousands_separator = ".";
  rejects(numerics, "{1.234}", "thousands_separator \".\"");
  rejects(integers, "{1.234}", "thousands_separator");
  rejects(plain(kIntervalOid), "1.234 days", "thousands_separator");
  takes(plain(kIntervalOid), "02:03:04.567");
  rejects(made_of(Kind::kArray, {made_of(Kind::kRange, {plain(kFloat8Oid)})}), R"x({"[1.234,)"})x",
          "thousands_separator");

  format = {};
  format.thousands_separator = ",";
  rejects(integers, "{1,000}", "thousands_separator");
  takes(integers, "{1,20}");
  format.thousands_separator = " ";
  takes(plain(kIntervalOid), "1-2 3 4:05:06");
  rejects(integers, "{1 234}", "thousands_separator");

  format = {};
  takes(numerics, "{1,5}");
  takes(numerics, "{1.5}");
}

TEST_F(Embedded, EachFieldOfARowIsJudgedByItsOwnType) {
  format.decimal_separator = ',';
  format.thousands_separator = ".";
  format.date_order = DateOrder::kDmy;
  format.date_order_given = true;
  rejects(row, "(1,1.234,,)", "thousands_separator");
  rejects(row, "(1.234,1,,)", "thousands_separator");
  rejects(row, R"((1,"1,5",,))", "decimal_separator");
  takes(row, R"((1,5,01.02.2024,"v1.234, 1,5"))");
  takes(row, "(1,2,,)");
  takes(row, "(,,,)");
  const auto rows = made_of(Kind::kArray, {row});
  takes(rows, R"x({"(1,5,01.02.2024,\"v1.234\")",NULL})x");
  rejects(rows, R"x({"(1,5,,)","(2,1.234,,)"})x", "thousands_separator");
  takes(made_of(Kind::kArray, {plain(kBoxOid)}, ';'), "{(1, 2), (3, 4);(5, 6), (7, 8)}");
}

TEST_F(Embedded, MoneyInArraysHasNoCommaThatGroupsNothing) {
  const auto amounts = made_of(Kind::kArray, {plain(kMoneyOid)});
  takes(amounts, R"({1,5,"$1,000.00"})");
  rejects(amounts, R"({"1,5"})", "group");
}

TEST_F(Embedded, DatesThatDependOnAnOrderAreRejectedUntilSomebodySaysHow) {
  const auto date_multirange = made_of(Kind::kMultirange, {date_range});
  for (const bool given : {false, true}) {
    format.date_order_given = given;
    takes(date_range, "[2024-01-02,2024-03-04)");
    takes(date_range, "(,\"2024-03-04\"]");
    takes(date_range, "empty");
    takes(dates, "{2024-01-02,NULL,infinity,\"Jan 5, 2024\"}");
    takes(dates, "[2:3]={2024-01-02,2024-01-03}");
    takes(timestamps, R"({"2024-01-02 03:04:05+02"})");
    takes(plain(kTimetzOid), "04:05:06.789-08:00");
    takes(plain(kTimetzOid), "2024-07-01 04:05:06 Europe/Berlin");
    takes(plain(kTimetzOid), "040506");
    takes(plain(kTimetzOid), "10.11.12");
    takes(row, "(1,2,,01/02/2024)");
  }
  takes(date_range, "[01/02/2024,03/04/2024)");
  takes(plain(kTimetzOid), "01/07/2024 10:00 Europe/Berlin");
  format.date_order_given = false;
  rejects(date_range, "[01/02/2024,03/04/2024)", "datestyle");
  rejects(date_range, "[2024-01-02,03/04/2024)", "datestyle");
  rejects(date_range, "[13/02/2024,)", "datestyle");
  rejects(date_multirange, "{[2024-01-02,2024-01-03],[01/02/2024,03/04/2024)}", "datestyle");
  rejects(dates, "{01-Feb-03}", "datestyle");
  rejects(dates, "{{\"01/02/2024\"}}", "datestyle");
  rejects(timestamps, R"({"01/02/2024 10:00"})", "datestyle");
  rejects(row, "(1,2,01/02/2024,x)", "datestyle");
  rejects(plain(kTimetzOid), "01/07/2024 10:00 Europe/Berlin", "datestyle");
}

TEST_F(Embedded, ADateFormatSaysTheOrderInWhichTheServerReads) {
  format.date_format = "DD.MM.YYYY";
  EXPECT_EQ(order_of_casts(format), DateOrder::kDmy);
  takes(dates, "{01.02.2024}");
  takes(date_range, "[01.02.2024,)");
  rejects(dates, "{010224}", "ambiguous date");
  format.date_format = "Month DD, YYYY HH24:MI";
  EXPECT_EQ(order_of_casts(format), DateOrder::kMdy);
  format.date_format = "YYYYMMDD";
  EXPECT_EQ(order_of_casts(format), DateOrder::kYmd);
  format.date_format = "YYYY-DD-MM";
  EXPECT_EQ(order_of_casts(format), std::nullopt);
  rejects(dates, "{2024-01-02}", "date_format \"YYYY-DD-MM\"");
  takes(dates, "{infinity}");
  takes(dates, "{}");
  format.date_order_given = true;
  EXPECT_EQ(order_of_casts(format), DateOrder::kMdy);
  takes(dates, "{2024-01-02}");
}

// With the sanitizers this finds every read beyond a text's end: each text lies in a block of just its size.
TEST(Converter, ReadsNothingBeyondTheText) {
  for (const AgreementCase& tested : agreement_cases()) {
    const auto made = make_converter(tested.type, tested.format);
    ASSERT_TRUE(made.ok()) << tested.name;
    Inference inference(1, tested.format);
    CopyBuffer out;
    std::string why;
    for (const std::string& text : tested.texts) {
      for (std::size_t length = 0; length <= text.size(); ++length) {
        const auto block = std::make_unique<char[]>(length);
        std::copy_n(text.data(), length, block.get());
        const std::size_t before = out.size();
        const Verdict verdict = (**made).write({block.get(), length}, out, why);
        EXPECT_EQ(verdict == Verdict::kOk, out.size() > before) << tested.name << ": " << text.substr(0, length);
        inference.observe(0, {block.get(), length});
        out.clear();
      }
    }
  }
}

// The converters of inferred types take every value that was observed, whatever the values are.
TEST(Inference, TheConverterOfTheInferredTypeTakesEveryObservedValue) {
  const std::pair<std::string_view, std::uint32_t> oids[] = {{"boolean", kBoolOid},
                                                             {"integer", kInt4Oid},
                                                             {"bigint", kInt8Oid},
                                                             {"numeric", kNumericOid},
                                                             {"double precision", kFloat8Oid},
                                                             {"date", kDateOid},
                                                             {"timestamp without time zone", kTimestampOid},
                                                             {"timestamp with time zone", kTimestamptzOid},
                                                             {"uuid", kUuidOid},
                                                             {"text", kTextOid}};
  std::size_t typed = 0;
  for (const AgreementCase& tested : agreement_cases()) {
    for (std::size_t first = 0; first < tested.texts.size(); ++first) {
      const std::string* pair[] = {&tested.texts[first], &tested.texts[(first * 7 + 3) % tested.texts.size()]};
      Inference inference(1, tested.format);
      for (const std::string* text : pair) inference.observe(0, *text);
      const std::string type = inference.types()[0];
      const auto* oid =
          std::find_if(std::begin(oids), std::end(oids), [&](const auto& known) { return known.first == type; });
      ASSERT_NE(oid, std::end(oids)) << type;
      typed += type != "text";
      const auto made = make_converter({oid->second, -1, type}, tested.format);
      ASSERT_TRUE(made.ok());
      for (const std::string* text : pair) {
        CopyBuffer out;
        std::string why;
        EXPECT_EQ((**made).write(*text, out, why), Verdict::kOk) << *text << " as " << type;
      }
    }
  }
  EXPECT_GT(typed, 100U);
}

}  // namespace

}  // namespace cpi::value::test
