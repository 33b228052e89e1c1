// What is said to fit on a page is what the server stores: random rows of wide tables, about as big as a page.
#include <random>

#include "core/value/type_oid.h"
#include "import/row_size.h"
#include "load_fixture.h"

namespace cpi::import {
namespace {

class RowSizeTest : public LoadFixture {
 protected:
  std::mt19937 random_{20'260'712};

  std::size_t any(std::size_t least, std::size_t most) { return least + random_() % (most - least + 1); }

  /// Appends a value of the type, or NULL now and then. Letters do not repeat, so nothing is gained by compression.
  void put_value(const PlannedColumn& column, std::size_t longest, bool nulls, value::CopyBuffer& out) {
    if (nulls && random_() % 10 == 0) return out.put_null();
    switch (column.base_type.oid) {
      case value::kInt2Oid: out.put_int32(2); return out.put_int16(7);
      case value::kInt4Oid: out.put_int32(4); return out.put_int32(7);
      case value::kInt8Oid: out.put_int32(8); return out.put_int64(7);
      case value::kNumericOid: {  // digits, weight, sign, scale, then groups of four digits
        const auto digits = static_cast<std::int16_t>(any(1, 6));
        out.put_int32(8 + 2 * digits);
        for (const std::int16_t word :
             {digits, static_cast<std::int16_t>(digits - 1), std::int16_t{0}, std::int16_t{0}}) {
          out.put_int16(word);
        }
        for (std::int16_t i = 0; i < digits; ++i) out.put_int16(1234);
        return;
      }
      default: break;
    }
    std::string text(any(0, longest), ' ');
    for (char& byte : text) byte = static_cast<char>('!' + random_() % 90);
    out.put_int32(static_cast<std::int32_t>(text.size()));
    out.put_bytes(text);
  }

  bool stored(const std::vector<PlannedColumn>& columns, std::span<const char> tuple) {
    std::vector<target::StagingColumn> staged;
    for (const PlannedColumn& column : columns) staged.push_back({column.table_column, column.staging_type});
    const target::Staging staging = target::create_staging(connection_, "size", 1, staged);
    try {
      db::CopyIn copy = target::copy_into(connection_, staging);
      copy.put(tuple);
      copy.put(std::vector<char>{'\xff', '\xff'});
      copy.finish();
      return true;
    } catch (const db::Error& error) {
      EXPECT_EQ(error.sqlstate(), "54000") << error.what();
      return false;
    }
  }
};

TEST_F(RowSizeTest, AgreesWithTheServer) {
  const std::vector<std::pair<std::uint32_t, std::string>> types = {{value::kTextOid, "text"},
                                                                    {value::kInt2Oid, "smallint"},
                                                                    {value::kInt4Oid, "integer"},
                                                                    {value::kInt8Oid, "bigint"},
                                                                    {value::kNumericOid, "numeric"}};
  int fitting = 0;
  constexpr int kRounds = 60;
  for (int round = 0; round < kRounds; ++round) {
    const std::size_t longest = std::vector<std::size_t>{8, 24, 40, 200}[any(0, 3)];
    const bool mixed = random_() % 2 == 0;
    const bool nulls = random_() % 2 == 0;
    // So many columns that the row is near the limit, on either side of it.
    const std::size_t wanted = any(7900, 8420);
    std::vector<PlannedColumn> columns;
    value::CopyBuffer values;
    value::CopyBuffer tuple;
    std::size_t needed = 0;
    while (needed < wanted && columns.size() < 1599) {
      const auto& [oid, name] = types[mixed ? any(0, types.size() - 1) : 0];
      columns.push_back(new_column("c" + std::to_string(columns.size()), oid, name));
      columns.back().base_type = columns.back().type;
      put_value(columns.back(), longest, nulls, values);
      if (columns.size() % 8 != 0 && columns.size() < 1599) continue;
      tuple.clear();
      tuple.put_int16(static_cast<std::int16_t>(columns.size() + 1));
      tuple.put_bytes({values.data(), values.size()});
      tuple.put_int32(8);
      tuple.put_int64(1);
      needed = RowSize(columns, 8192).of(tuple.bytes());
    }
    const RowSize size(columns, 8192);
    const bool fits = stored(columns, tuple.bytes());
    EXPECT_EQ(needed <= size.most(), fits) << needed << " bytes in " << columns.size() << " columns";
    fitting += fits ? 1 : 0;
  }
  EXPECT_TRUE(fitting > kRounds / 5 && fitting < kRounds * 4 / 5) << fitting << " of " << kRounds << " fit";
}

}  // namespace
}  // namespace cpi::import
