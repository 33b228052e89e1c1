// What holds for every converter: staging types are the column's own, and nothing outside the text is ever read.
#include "core/value/converter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

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

TEST(Converter, SeparatorsWithinArraysAndRangesAreRejected) {
  const auto verdict = [](std::uint32_t oid, char decimal, const char* thousands, const char* text) {
    Format format;
    format.decimal_separator = decimal;
    format.thousands_separator = thousands;
    CopyBuffer out;
    std::string why;
    return (**make_converter({oid, -1, "its type"}, format)).write(text, out, why);
  };
  constexpr std::uint32_t kIntegers = 1007;
  constexpr std::uint32_t kNumerics = 1231;
  constexpr std::uint32_t kNumericRange = 3906;
  EXPECT_EQ(verdict(kNumerics, ',', "", "{1,5}"), Verdict::kReject);
  EXPECT_EQ(verdict(kNumerics, ',', ".", "{1.234}"), Verdict::kReject);
  EXPECT_EQ(verdict(kNumericRange, ',', "", "[1,5)"), Verdict::kReject);
  EXPECT_EQ(verdict(kNumericRange, ',', "", "[1,)"), Verdict::kOk);
  EXPECT_EQ(verdict(kIntegers, ',', "", "{1,5}"), Verdict::kOk);
  EXPECT_EQ(verdict(kIntegers, '.', ",", "{1,000}"), Verdict::kReject);
  EXPECT_EQ(verdict(kIntegers, '.', ",", "{1,20}"), Verdict::kOk);
  EXPECT_EQ(verdict(kNumerics, '.', "", "{1,5}"), Verdict::kOk);
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
