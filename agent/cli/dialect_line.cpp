#include "cli/dialect_line.h"

#include <fmt/format.h>

#include <cmath>

#include "cli/table.h"

namespace cpi::cli {

std::string dialect_line(const nlohmann::json& dialect) {
  if (!dialect.is_object() || !dialect.contains("detected")) return {};
  std::string out;
  for (const auto& [key, choice] : dialect["detected"].items()) {
    const nlohmann::json value = dialect.value(key, nlohmann::json());
    out += fmt::format("{}{} {} ({} %)", out.empty() ? "detected " : ", ", key,
                       printable(value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)),
                       std::lround(choice.value("certainty", 0.0) * 100));
  }
  return out;
}

}  // namespace cpi::cli
