// What the parts of Api (api*.cpp) share: a request under way with what is known about it, and how it is refused.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "db/connection.h"
#include "http/api.h"
#include "http/catalog.h"
#include "http/error_response.h"

namespace cpi::http {

/// A failure on its way to `handle`: requests are refused in many places, and answered in one.
struct Refusal {
  Failure failure;
};

struct Api::Exchange {
  const Request& request;
  std::shared_ptr<const Catalog> catalog = nullptr;
  const Route* route = nullptr;
  Match match = {};
  Role role = Role::kAnyone;
  std::chrono::milliseconds wait{0};
};

/// In a statement of its own: g++ 12 miscompiles braced lists inside a co_await expression.
inline db::Params one_parameter(std::string value) {
  db::Params parameters;
  parameters.emplace_back(std::move(value));
  return parameters;
}

}  // namespace cpi::http
