// Files whose bytes were handed over with the request and lie in the management database: rejected rows that are tried
// again. They become nameless files on this machine while they are loaded.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "source/source.h"

namespace cpi::source {

/// `content` gives the bytes of a file of `entries`, by its path; it is called on the thread that fetches. The files
/// lie unlinked in the system's directory for temporary files, so that nothing of them is left behind.
std::unique_ptr<Source> make_stored_source(std::vector<Entry> entries,
                                           std::function<Result<std::string>(const std::string& path)> content);

}  // namespace cpi::source
