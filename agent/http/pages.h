// What people see in a browser: the page at /, and Swagger UI at /docs from the program itself, with a policy under
// which the browser asks nobody else for anything.
#pragma once

#include <optional>
#include <string_view>

#include "http/message.h"

namespace cpi::http {

/// GET /: JSON, or a page when `accept` asks for HTML.
Response root_page(std::string_view accept);
/// GET /docs.
Response docs_page();
/// GET /docs/{asset}: a file of Swagger UI; nothing when there is none of that name.
std::optional<Response> docs_asset(std::string_view name);

}  // namespace cpi::http
