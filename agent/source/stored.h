// Files whose bytes were handed over with the request and lie in the management database: rejected rows that are tried
// again. They lie in the spool while they are loaded.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "source/source.h"
#include "source/spool.h"

namespace cpi::source {

/// `content` gives the bytes of a file of `entries`, by its path; it is called on the thread that fetches. `spool`
/// must outlive the files. fetch fails as `content` and as Spool::take.
std::unique_ptr<Source> make_stored_source(std::vector<Entry> entries,
                                           std::function<Result<std::string>(const std::string& path)> content,
                                           Spool& spool);

}  // namespace cpi::source
