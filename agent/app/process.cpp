#include "app/process.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace cpi::app {

namespace {

/// In the child, between fork and exec: only system calls.
[[noreturn]] void become(const char* const* arguments, const User* user, int output) {
  if (user != nullptr && (::setgroups(0, nullptr) != 0 || ::setresgid(user->gid, user->gid, user->gid) != 0 ||
                          ::setresuid(user->uid, user->uid, user->uid) != 0)) {
    ::_exit(127);
  }
  const int input = ::open("/dev/null", O_RDONLY);
  if (::chdir("/") != 0 || input < 0 || ::dup2(input, 0) < 0 || ::dup2(output, 1) < 0 || ::dup2(output, 2) < 0)
    ::_exit(127);
  ::execv(arguments[0], const_cast<char* const*>(arguments));
  ::_exit(127);
}

}  // namespace

std::optional<User> find_user(const std::string& name) {
  const passwd* entry = ::getpwnam(name.c_str());
  if (entry == nullptr) return std::nullopt;
  return User{name, entry->pw_uid, entry->pw_gid};
}

Finished run_program(const std::vector<std::string>& command, const std::optional<User>& as) {
  std::vector<const char*> arguments;
  for (const std::string& word : command) arguments.push_back(word.c_str());
  arguments.push_back(nullptr);
  const User* user = as && ::geteuid() == 0 ? &*as : nullptr;

  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  const pid_t child = ::fork();
  if (child < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (child == 0) become(arguments.data(), user, ends[1]);
  ::close(ends[1]);

  // A server that the program leaves behind keeps the pipe open (pg_ctl's postmaster does not: it logs to a file), so
  // reading to the end is right here.
  Finished finished;
  std::array<char, 4096> chunk{};
  for (;;) {
    const ssize_t n = ::read(ends[0], chunk.data(), chunk.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    constexpr std::size_t kMostOutput = 64 << 10;
    if (finished.output.size() < kMostOutput) finished.output.append(chunk.data(), static_cast<std::size_t>(n));
  }
  ::close(ends[0]);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  finished.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return finished;
}

}  // namespace cpi::app
