// The command line's way to the management database: one session, and refusals told as a person can use them.
#pragma once

#include <functional>
#include <string>

#include "store/session.h"

namespace cpi::cli {

/// Connects to the management database that the settings name (or the embedded one) and runs `work` with the session.
/// Refusals go to standard error: exit code 2 for what the person got wrong (unknown project or job, bad value),
/// else 1.
int with_management(const std::string& application_name, const std::function<int(store::Session&)>& work);

/// One call, tried again when the connection was lost since the last one; a server that stays away is an error at once
/// when nothing was said to it yet.
template <typename Work>
auto say(store::Session& session, Work&& work) {
  return session.connected() ? session.call(std::stop_token(), work) : session.once(work);
}

}  // namespace cpi::cli
