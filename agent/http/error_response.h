// The single place where a failure becomes a status and a body:
//   {"code","message","details","hint","detail"} and, where single fields are to blame, "errors".
// `detail` repeats `message`, for clients that were written against FastAPI. Own failures bear the same codes as the
// functions' ones (PTnnn), so that a client need not know who refused.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "db/error.h"
#include "http/message.h"

namespace cpi::http {

/// A failure on its way out.
struct Failure {
  unsigned status = 500;
  std::string message;
  std::string details;  ///< empty: null
  std::string hint;     ///< empty: null
  std::string code;     ///< SQLSTATE; empty: "PT" and the status
  std::string errors;   ///< JSON array of {path, message, hint}; empty: left out
  std::vector<NameValue> headers;
};

Response error_response(const Failure& failure);

/// The HTTP status for a SQLSTATE, as PostgREST maps them, except that values which the server could not take (22xxx,
/// and 23502, 23514 of a constraint) are 422. `anonymous`: whoever came without a key is asked for one.
unsigned status_of(std::string_view sqlstate, bool anonymous);

/// What the management database said.
Failure failure_of(const db::Error& error, bool anonymous);

/// 422 with every finding; message and hint as the extension's _cpi_refuse writes them.
Failure invalid_fields(const Findings& findings);

Failure not_found(std::string message, std::string hint);
Failure method_not_allowed(std::string_view method, std::string_view path, const std::string& allow);
Failure unauthorized(std::string message, std::string hint);
Failure forbidden(std::string message, std::string hint);
Failure bad_request(std::string message, std::string details, std::string hint);
Failure unsupported_media_type(std::string_view content_type);
Failure too_large(std::size_t limit);
Failure unavailable(std::string message, std::string hint);

}  // namespace cpi::http
