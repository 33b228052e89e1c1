// One line for people about how a file was read, where the options said "auto".
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace cpi::cli {

/// From a file result's `dialect`: `detected delimiter ";" (97 %), encoding "utf-8" (90 %)`; empty when it is null.
std::string dialect_line(const nlohmann::json& dialect);

}  // namespace cpi::cli
