#include "job/rows_again.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/csv/rejects_csv.h"

namespace cpi::job {

namespace {

using nlohmann::json;

std::string text_of(const json& record, const char* key) {
  const auto found = record.find(key);
  return found != record.end() && found->is_string() ? found->get<std::string>() : std::string();
}

csv::Reason reason_of(const std::string& name) {
  for (int i = 0; i <= static_cast<int>(csv::Reason::kSuppressedByTrigger); ++i) {
    if (csv::reason_name(static_cast<csv::Reason>(i)) == name) return static_cast<csv::Reason>(i);
  }
  return csv::Reason::kInvalidValue;
}

}  // namespace

RowsAgain rows_again(std::string_view records, const csv::Dialect& dialect, std::size_t reasons) {
  RowsAgain out;
  for (const json& record : json::parse(records)) {
    const std::string raw = text_of(record, "raw");
    const std::string_view row = csv::without_first_fields(dialect, raw, reasons);
    if (csv::stands_alone(dialect, row)) {
      out.text.append(row).append("\n");
    } else {
      out.set_aside.push_back({0, 0, text_of(record, "column"), reason_of(text_of(record, "reason")),
                               text_of(record, "message"), std::string(row)});
    }
  }
  std::int64_t line = std::count(out.text.begin(), out.text.end(), '\n');
  auto offset = static_cast<std::int64_t>(out.text.size());
  for (csv::Reject& reject : out.set_aside) {
    reject.line = line + 1;
    reject.offset = offset;
    line += std::count(reject.raw.begin(), reject.raw.end(), '\n') + 1;
    offset += static_cast<std::int64_t>(reject.raw.size()) + 1;
  }
  return out;
}

}  // namespace cpi::job
