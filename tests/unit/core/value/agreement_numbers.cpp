// Texts of numbers: each stands for a rule of the input functions or for a limit.
#include <initializer_list>
#include <utility>

#include "core/value/type_oid.h"
#include "unit/core/value/agreement_cases.h"

namespace cpi::value::test {

namespace {

// clang-format off
const std::vector<std::string> kIntegers = {
    "0", "1", "-1", "+1", "007", "12", "32767", "32768", "-32768", "-32769", "2147483647", "2147483648",
    "-2147483648", "-2147483649", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
    "-9223372036854775809", "18446744073709551616", "99999999999999999999999999", "000000000000000000000000000001",
    "-0", "+0", " 12", "12 ", "\t12\n", " - 1", "- 1", "+ 1", "--1", "+-1", "", " ", "-", "+", "12a", "a12", "1 2",
    "1.0", "1.", ".5", "1e3", "0x1F", "0X1f", "0b11", "0o17", "1_000", "1__0", "_1", "1_", "12,5", "1,000", "１２",
    "12\u00a0", "NaN", "inf", "\v7\f", "\r7", "4294967295", "4294967296", "-4294967295",
};

const std::vector<std::string> kDecimals = {
    "0", "0.0", "-0.0", "0.000000000000000000000000000001", "1", "-1", "+1.5", "1.50", "00012.3400", ".5", "-.5",
    "5.", ".", "", " ", "-", "1.5 ", " 1.5", "\t1.5\r\n", "1 .5", "1..5", "1.5.6",
    "12345678901234567890123456789012345678901234567890", "0.12345678901234567890123456789012345678901234567890",
    "123456789012345678.1234567890123456", "123456789012345678.12345678901234567", "999999999999999999.99999", "1e5",
    "1E5", "1e+5", "1e-5", "1.5e3", "1.5e-3", "15e-1", "1e", "e5", "1e+", "1e5.5", "1e 5", "1e-20", "123e20", "1e300",
    "1e-300", "1.e2", ".1e2", "-1.5E+02", "NaN", "nan", "NAN", "-NaN", "nano", "Infinity", "-Infinity", "+Infinity",
    "inf", "-inf", "INF", "infin", "1,5", "1'000", "$5", "5%", "1d5", "9999.994", "9999.995", "9999.9949999",
    "99999.99", "0.005", "0.0049", "-0.005", "0.00499999999999999999999999", "10000", "99.995", "100000000",
    "10000.0001", "1234.5678", "0.0001", "0.00010001", "0xFF", "1_000.5", "0x1p3", "12345.678", "1e10000", "1e-10000",
    "2.5", "3.5", "-2.5", "0.5", "1.5", "449.5", "450", "550", "1e1001", "123456789.123456789", "４", "1.2.3",
};

const std::vector<std::string> kFloats = {
    "1e308", "1.7976931348623157e308", "1.7976931348623159e308", "1e309", "-1e309", "1e-307",
    "2.2250738585072014e-308", "4.9406564584124654e-324", "2e-324", "1e-400", "0e-400", "3.4028235e38",
    "3.4028236e38", "1e39", "1e-45", "1e-46", "1.17549435e-38", "0.1", "0.30000000000000004", "16777217",
    "9007199254740993", "nan(1)", "+nan", "-nan", "infinity ", "1e400", "1e0400", "0e999999",
    "123456789012345678901234567890e-10",
};
// clang-format on

std::int32_t numeric_typmod(int precision, int scale) { return (precision << 16 | (scale & 0x7FF)) + 4; }

}  // namespace

void add_numbers(std::vector<AgreementCase>& cases) {
  const std::string digits = "0123456789  +-.eE_x,a\t";
  cases.push_back({"Smallint", {kInt2Oid, -1, "smallint"}, {}, {}, kIntegers, digits});
  cases.push_back({"Integer", {kInt4Oid, -1, "integer"}, {}, {}, kIntegers, digits});
  cases.push_back({"Bigint", {kInt8Oid, -1, "bigint"}, {}, {}, kIntegers, digits});
  cases.push_back({"Oid", {kOidOid, -1, "oid"}, {}, {}, kIntegers, digits});
  const std::vector<std::string> floats = joined({kIntegers, kDecimals, kFloats});
  cases.push_back({"Real", {kFloat4Oid, -1, "real"}, {}, {}, floats, digits + "infnaINFty"});
  cases.push_back({"DoublePrecision", {kFloat8Oid, -1, "double precision"}, {}, {}, floats, digits + "infnaINFty"});
  const std::vector<std::string> decimals = joined({kIntegers, kDecimals});
  cases.push_back({"Numeric", {kNumericOid, -1, "numeric"}, {}, {}, decimals, digits});
  for (const auto& [precision, scale] : std::initializer_list<std::pair<int, int>>{{6, 2},
                                                                                   {4, 0},
                                                                                   {38, 10},
                                                                                   {2, 2},
                                                                                   {2, 4},
                                                                                   {3, -2},
                                                                                   {1000, 0},
                                                                                   {1000, 1000},
                                                                                   {18, 18},
                                                                                   {30, 20},
                                                                                   {5, 5},
                                                                                   {1, 0}}) {
    const std::string modifiers = "(" + std::to_string(precision) + "," + std::to_string(scale) + ")";
    const std::string name = "Numeric" + std::to_string(precision) + (scale < 0 ? "Minus" : "And") +
                             std::to_string(scale < 0 ? -scale : scale);
    cases.push_back(
        {name, {kNumericOid, numeric_typmod(precision, scale), "numeric" + modifiers}, {}, {}, decimals, digits});
  }
}

}  // namespace cpi::value::test
