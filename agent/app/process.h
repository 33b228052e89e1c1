// Running another program to its end: PostgreSQL's own tools, as the user that owns the embedded cluster.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace cpi::app {

/// A user of this machine.
struct User {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
};

/// The user called `name`, or nothing.
std::optional<User> find_user(const std::string& name);

struct Finished {
  int exit_code = -1;  ///< 128 + signal when a signal ended it, 127 when it could not be started
  std::string output;  ///< standard output and standard error, at most 64 kB
};

/// Runs `command` (an absolute path and its arguments, no shell) in "/" and waits. With `as` given and the caller root,
/// it runs with that user's rights and none of root's. Throws std::system_error when no process can be made.
Finished run_program(const std::vector<std::string>& command, const std::optional<User>& as = std::nullopt);

}  // namespace cpi::app
