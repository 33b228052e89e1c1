#include "support/cluster.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>

namespace cpi::test {

namespace {

namespace fs = std::filesystem;

/// The user that servers run as when the tests run as root, which PostgreSQL refuses.
const passwd& server_user() {
  const passwd* user = ::getpwnam("postgres");
  if (user == nullptr) throw std::runtime_error("user postgres does not exist: PostgreSQL cannot run as root");
  return *user;
}

std::string output_of(const std::string& command) {
  std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
  std::string text;
  std::array<char, 256> buffer{};
  while (pipe && std::fgets(buffer.data(), buffer.size(), pipe.get()) != nullptr) text += buffer.data();
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

std::string read_file(const fs::path& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// A port that nobody listens on now. Another process may take it before the server does: `start` then tries again.
int free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const bool bound = fd >= 0 && ::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                     ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  if (fd >= 0) ::close(fd);
  if (!bound) throw std::runtime_error("no free TCP port on 127.0.0.1");
  return ntohs(address.sin_port);
}

/// In a forked child: becomes the server's user when root, and replaces the process. Never returns.
[[noreturn]] void become(const std::vector<std::string>& command, const fs::path& directory, const passwd* user) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  if (user != nullptr && (::setgroups(0, nullptr) != 0 || ::setgid(user->pw_gid) != 0 || ::setuid(user->pw_uid) != 0)) {
    ::_exit(126);
  }
  if (::chdir(directory.c_str()) != 0) ::_exit(126);
  ::execv(arguments[0], arguments.data());
  ::_exit(127);
}

int wait_for(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

}  // namespace

Cluster::Cluster() : Cluster(Options{}) {}

Cluster::Cluster(Options options) {
  const char* base = std::getenv("TMPDIR");
  std::string name = (fs::path(base != nullptr && *base != '\0' ? base : "/tmp") / "cpi-pg-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot create a directory like " + name);
  directory_ = name;
  if (::geteuid() == 0) {
    const passwd& user = server_user();
    if (::chown(name.c_str(), user.pw_uid, user.pw_gid) != 0) throw std::runtime_error("cannot chown " + name);
  }
  try {
    guard();
    initialise(options);
  } catch (...) {
    release();
    throw;
  }
}

Cluster::~Cluster() { release(); }

Cluster& Cluster::shared() {
  static Cluster cluster;
  return cluster;
}

void Cluster::initialise(const Options& options) {
  const std::string data = (directory_ / "data").string();
  if (run({(bin_directory() / "initdb").string(), "-D", data, "-U", "postgres", "--auth=trust", "--no-sync",
           "--encoding=UTF8", "--locale=C.UTF-8"}) != 0) {
    throw std::runtime_error("initdb failed:\n" + log());
  }
  std::ofstream settings(directory_ / "data" / "postgresql.conf", std::ios::app);
  settings << "listen_addresses = '127.0.0.1'\n"
           << "unix_socket_directories = '" << directory_.string() << "'\n"
           << "shared_buffers = '64MB'\nmax_connections = 100\ntimezone = 'UTC'\nlog_line_prefix = '%m [%p] %a '\n";
  if (!options.durable) settings << "fsync = off\nfull_page_writes = off\n";
  for (const std::string& line : options.settings) settings << line << '\n';
  settings.close();

  constexpr int kAttempts = 5;
  for (int attempt = 1; attempt <= kAttempts; ++attempt) {
    port_ = free_port();
    try {
      return start();
    } catch (const std::runtime_error&) {
      if (attempt == kAttempts || log().find("Address already in use") == std::string::npos) throw;
    }
  }
}

void Cluster::start() {
  if (run({(bin_directory() / "pg_ctl").string(), "start", "-w", "-s", "-D", (directory_ / "data").string(), "-l",
           (directory_ / "server.log").string(), "-o", "-p " + std::to_string(port_)}) != 0) {
    throw std::runtime_error("the PostgreSQL server did not start:\n" + log());
  }
}

void Cluster::stop_immediately() {
  run({(bin_directory() / "pg_ctl").string(), "stop", "-w", "-s", "-m", "immediate", "-D",
       (directory_ / "data").string()});
}

void Cluster::crash() {
  stop_immediately();
  start();
}

// The guard outlives a test process that is killed: it waits for the end of the pipe, whose other end this process
// alone holds (close-on-exec), then stops the server and removes the directory. A session of its own keeps Ctrl-C away
// from it.
void Cluster::guard() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("cannot make a pipe");
  const std::string script =
      "read -r _; \"$1/pg_ctl\" stop -s -w -m immediate -D \"$2/data\" >/dev/null 2>&1; cd /; rm -rf \"$2\"";
  const std::vector<std::string> command = {
      "/bin/sh", "-c", script, "cpi-test-guard", bin_directory().string(), directory_.string()};
  const passwd* user = ::geteuid() == 0 ? &server_user() : nullptr;
  guard_pid_ = ::fork();
  if (guard_pid_ == 0) {
    ::setsid();
    ::dup2(ends[0], STDIN_FILENO);
    // The output of the tests may be a pipe whose reader waits for its end: the guard must not hold it open.
    const int nowhere = ::open("/dev/null", O_WRONLY);
    ::dup2(nowhere, STDOUT_FILENO);
    ::dup2(nowhere, STDERR_FILENO);
    become(command, directory_, user);
  }
  ::close(ends[0]);
  guard_pipe_ = ends[1];
  if (guard_pid_ < 0) throw std::runtime_error("cannot fork");
}

void Cluster::release() noexcept {
  if (guard_pipe_ >= 0) ::close(guard_pipe_);
  guard_pipe_ = -1;
  if (guard_pid_ > 0) wait_for(guard_pid_);
  guard_pid_ = -1;
  // The directory's own entry lies in a sticky /tmp: only the guard's user or root may remove it, and both have tried.
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
}

int Cluster::run(const std::vector<std::string>& command) const {
  const passwd* user = ::geteuid() == 0 ? &server_user() : nullptr;
  const std::string output = (directory_ / "output.log").string();
  const pid_t pid = ::fork();
  if (pid == 0) {
    const int fd = ::open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0666);
    const int nothing = ::open("/dev/null", O_RDONLY);
    ::dup2(nothing, STDIN_FILENO);
    ::dup2(fd, STDOUT_FILENO);
    ::dup2(fd, STDERR_FILENO);
    become(command, directory_, user);
  }
  if (pid < 0) throw std::runtime_error("cannot fork");
  return wait_for(pid);
}

std::string Cluster::conninfo(const std::string& database) const {
  return "host='" + directory_.string() + "' port=" + std::to_string(port_) + " user=postgres dbname='" + database +
         "'";
}

std::string Cluster::tcp_conninfo(const std::string& database) const {
  return "host=127.0.0.1 port=" + std::to_string(port_) + " user=postgres dbname='" + database + "'";
}

std::string Cluster::create_database() {
  const std::string name = "test_" + std::to_string(++databases_);
  connect().exec("CREATE DATABASE " + name);
  return name;
}

db::Connection Cluster::connect(const std::string& database) const {
  return db::Connection::connect(conninfo(database), std::chrono::seconds(20), "cpi test");
}

std::filesystem::path Cluster::bin_directory() {
  static const fs::path found = [] {
    std::vector<fs::path> candidates;
    if (const char* config = std::getenv("PG_CONFIG"); config != nullptr && *config != '\0') {
      candidates.emplace_back(output_of(std::string(config) + " --bindir 2>/dev/null"));
    }
    std::vector<std::pair<int, fs::path>> debian;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", ignored)) {
      debian.emplace_back(std::atoi(entry.path().filename().c_str()), entry.path() / "bin");
    }
    std::sort(debian.rbegin(), debian.rend());
    for (const auto& [version, path] : debian) candidates.push_back(path);
    candidates.emplace_back(output_of("pg_config --bindir 2>/dev/null"));
    for (const fs::path& path : candidates) {
      if (::access((path / "initdb").c_str(), X_OK) == 0) return path;
    }
    throw std::runtime_error("no PostgreSQL server programs found: set PG_CONFIG to the pg_config of a server");
  }();
  return found;
}

std::string Cluster::log() const { return read_file(directory_ / "output.log") + read_file(directory_ / "server.log"); }

}  // namespace cpi::test
