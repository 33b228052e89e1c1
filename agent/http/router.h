// Which route serves a method and a path. A tree of path segments: at every node the exact words come before the
// parameter, and where the exact branch leads nowhere the parameter is tried, so /jobs/events and /jobs/{id}/cancel
// live together.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"
#include "http/message.h"

namespace cpi::http {

struct Match {
  enum class Kind {
    kFound,
    kNoPath,         ///< 404
    kOtherMethod,    ///< 405: `allow` lists what the path takes
    kBrokenEncoding  ///< 400: a segment cannot be percent-decoded
  };
  Kind kind = Kind::kNoPath;
  std::size_t route = 0;              ///< what was given to `add`
  std::vector<NameValue> parameters;  ///< by the names of the template, decoded
  std::string allow;                  ///< "GET, HEAD, OPTIONS"; set when the path exists
};

/// Filled once, then only read: `match` may be called from several threads.
class Router {
 public:
  Router();
  Router(Router&&) noexcept;
  Router& operator=(Router&&) noexcept;
  ~Router();

  /// `path_template` is such as "/connections/{id}". Fails, changing nothing, when the template is malformed, names a
  /// parameter twice, or method and path are taken already.
  Result<void> add(std::string_view method, std::string_view path_template, std::size_t route);

  /// `path` is percent-encoded: it is split first and decoded then, so that %2F stays part of a name. HEAD finds GET.
  Match match(std::string_view method, std::string_view path) const;

  /// Every template, once: for "did you mean".
  std::vector<std::string> templates() const;

 private:
  struct Node;
  std::unique_ptr<Node> root_;
};

}  // namespace cpi::http
