#include "core/csv/row.h"

namespace cpi::csv {

std::string_view reason_name(Reason reason) {
  switch (reason) {
    case Reason::kTooFewFields: return "too_few_fields";
    case Reason::kTooManyFields: return "too_many_fields";
    case Reason::kStrayQuote: return "stray_quote";
    case Reason::kUnclosedQuote: return "unclosed_quote";
    case Reason::kNulByte: return "nul_byte";
    case Reason::kInvalidEncoding: return "invalid_encoding";
    case Reason::kFieldTooLong: return "field_too_long";
    case Reason::kRowTooLong: return "row_too_long";
    case Reason::kInvalidValue: return "invalid_value";
    case Reason::kNullKey: return "null_key";
    case Reason::kNotNullViolation: return "not_null_violation";
    case Reason::kDuplicateKey: return "duplicate_key";
    case Reason::kRefusedByServer: return "refused_by_server";
    case Reason::kSuppressedByTrigger: return "suppressed_by_trigger";
  }
  return "invalid_value";
}

}  // namespace cpi::csv
