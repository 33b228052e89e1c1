// The one place that knows every type family. A new family is one file, a line in families.h and a line here.
#include "core/value/families.h"
#include "core/value/type_oid.h"

namespace cpi::value {

namespace {

Maker maker_for(std::uint32_t oid) {
  switch (oid) {
    case kBoolOid: return make_boolean;
    case kInt2Oid:
    case kInt4Oid:
    case kInt8Oid:
    case kOidOid: return make_integer;
    case kFloat4Oid:
    case kFloat8Oid: return make_floating;
    case kNumericOid: return make_numeric;
    case kMoneyOid: return make_money;
    case kDateOid: return make_date;
    case kTimestampOid:
    case kTimestamptzOid: return make_timestamp;
    case kUuidOid: return make_uuid;
    case kTextOid:
    case kVarcharOid:
    case kBpcharOid: return make_character;
    default: return nullptr;
  }
}

}  // namespace

Result<std::unique_ptr<Converter>> make_converter(const ColumnType& type, const Format& format) {
  if (const Maker maker = maker_for(type.oid)) return maker(type, format);
  return make_text_staging_converter(type, format);
}

}  // namespace cpi::value
