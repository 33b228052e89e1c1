#include "app/embedded.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "app/process.h"

namespace cpi::app {

namespace {

namespace fs = std::filesystem;

constexpr int kSocketPort = 5432;  // only part of the socket's name while no TCP port is asked for

fs::path cluster_dir(const fs::path& data_dir) { return data_dir / "postgres"; }
fs::path socket_dir(const fs::path& data_dir) { return data_dir / "run"; }
fs::path key_file(const fs::path& data_dir) { return data_dir / "keys" / "cpi.key"; }
int socket_port(const Settings& settings) { return settings.pg_port != 0 ? settings.pg_port : kSocketPort; }

/// The user that the server runs as; nothing: ours.
std::optional<User> server_user() {
  if (::geteuid() != 0) return std::nullopt;
  for (const char* name : {"cpi", "postgres"}) {
    if (std::optional<User> user = find_user(name); user && user->uid != 0) return user;
  }
  throw std::runtime_error(
      "PostgreSQL refuses to run as root, and there is neither a user cpi nor a user postgres to run it as; "
      "make one with: adduser --system --group cpi");
}

std::string quoted(std::string_view value, std::string_view special, std::string_view escape) {
  std::string out = "'";
  for (char c : value) {
    if (special.find(c) != std::string_view::npos) out += escape == "double" ? c : '\\';
    out += c;
  }
  return out + "'";
}
/// By the rules of postgresql.conf: a quote is doubled.
std::string conf_quoted(std::string_view value) { return quoted(value, "'", "double"); }
/// By the rules of libpq's keyword strings: quote and backslash get a backslash.
std::string conninfo_quoted(std::string_view value) { return quoted(value, "'\\", "backslash"); }

void give_to(const fs::path& path, const std::optional<User>& user) {
  if (user && ::lchown(path.c_str(), user->uid, user->gid) != 0)
    throw std::system_error(errno, std::generic_category(), "cannot give " + path.string() + " to " + user->name);
}

/// Makes `path` a directory that only the server's user may enter.
void make_private_dir(const fs::path& path, const std::optional<User>& user) {
  fs::create_directories(path);
  fs::permissions(path, fs::perms::owner_all);
  give_to(path, user);
}

int take_lock(const fs::path& data_dir) {
  const fs::path path = data_dir / "serve.lock";
  const int lock = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0) throw std::system_error(errno, std::generic_category(), "cannot open " + path.string());
  if (::flock(lock, LOCK_EX | LOCK_NB) == 0) return lock;
  ::close(lock);
  throw std::runtime_error(
      "another cpi serve uses " + data_dir.string() +
      "; stop it, or give this one a CPI_DATA_DIR of its own, or a MANAGEMENT_DATABASE_URL to share");
}

void check_socket_path(const fs::path& data_dir) {
  const std::string longest = (socket_dir(data_dir) / ".s.PGSQL.65535.lock").string();
  if (longest.size() >= sizeof(sockaddr_un{}.sun_path))
    throw std::runtime_error("CPI_DATA_DIR is too long for a socket below it (" + data_dir.string() +
                             "); choose a path of at most 80 characters");
}

[[noreturn]] void fail(const std::string& what, const Finished& finished, const std::optional<User>& user) {
  std::string message = what + ":\n" + finished.output;
  if (user)
    message += "The server runs as user " + user->name + ", which must be able to enter CPI_DATA_DIR and all above it.";
  throw std::runtime_error(message);
}

/// Builds the cluster under another name and renames it, so that an interrupted initdb leaves nothing that looks whole.
void create_cluster(const fs::path& bin_dir, const fs::path& data_dir, const std::optional<User>& user) {
  const fs::path building = data_dir / "postgres.new";
  fs::remove_all(building);
  make_private_dir(building, user);
  const Finished finished = run_program(
      {(bin_dir / "initdb").string(), "--pgdata=" + building.string(), "--username=" + std::string(kEmbeddedSuperuser),
       "--auth-local=trust", "--auth-host=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums"},
      user);
  if (finished.exit_code != 0) fail("initdb could not create the embedded PostgreSQL", finished, user);
  std::ofstream(building / "postgresql.conf", std::ios::app) << "\ninclude 'cpi.conf'\n";
  fs::rename(building, cluster_dir(data_dir));
}

/// The part of the server's configuration that cpi decides; written anew at every start.
void write_configuration(const Settings& settings, const std::optional<User>& user) {
  const fs::path path = cluster_dir(settings.data_dir) / "cpi.conf";
  {
    std::ofstream file(path, std::ios::trunc);
    file << "# Written by cpi serve at every start: changes belong into postgresql.conf, above the include.\n"
         << "unix_socket_directories = " << conf_quoted(socket_dir(settings.data_dir).string()) << "\n"
         << "unix_socket_permissions = 0700\n"
         << "listen_addresses = " << (settings.pg_port != 0 ? "'127.0.0.1'" : "''") << "\n"
         << "port = " << socket_port(settings) << "\n"
         << "cpi.key_file = " << conf_quoted(key_file(settings.data_dir).string()) << "\n"
         << "logging_collector = on\n"
         << "log_directory = " << conf_quoted((settings.data_dir / "log").string()) << "\n"
         << "log_filename = 'postgres-%a.log'\n"
         << "log_rotation_age = 1d\n"
         << "log_truncate_on_rotation = on\n"
         << "log_parameter_max_length = 0\n";
    if (!file) throw std::runtime_error("cannot write " + path.string());
  }
  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
  give_to(path, user);
}

/// The sealing key, made once: its loss makes every stored password unreadable, so an existing one is never touched.
void ensure_key_file(const fs::path& data_dir, const std::optional<User>& user) {
  make_private_dir(key_file(data_dir).parent_path(), user);
  if (fs::exists(key_file(data_dir))) return;
  const Finished finished = run_program(
      {"/bin/sh", "-c",
       "umask 077 && printf '1:%s\\n' \"$(head -c 32 /dev/urandom | base64 -w0)\" > \"$0.new\" && mv \"$0.new\" \"$0\"",
       key_file(data_dir).string()},
      user);
  if (finished.exit_code != 0) fail("cannot make the key file " + key_file(data_dir).string(), finished, user);
}

bool is_running(const fs::path& bin_dir, const fs::path& data_dir, const std::optional<User>& user) {
  return run_program({(bin_dir / "pg_ctl").string(), "status", "-D", cluster_dir(data_dir).string()}, user).exit_code ==
         0;
}

void check_version(const fs::path& bin_dir, const fs::path& data_dir) {
  std::string cluster;
  std::ifstream(cluster_dir(data_dir) / "PG_VERSION") >> cluster;
  const std::string program = run_program({(bin_dir / "postgres").string(), "--version"}).output;
  if (program.find(" " + cluster + ".") == std::string::npos)
    throw std::runtime_error("the cluster in " + cluster_dir(data_dir).string() + " is of PostgreSQL " + cluster +
                             ", the server here is " + program + "Set PG_CONFIG to the pg_config of version " +
                             cluster + ", or move the cluster with pg_upgrade.");
}

void start(const fs::path& bin_dir, const Settings& settings, const std::optional<User>& user) {
  const fs::path log = settings.data_dir / "log" / "startup.log";
  const Finished finished = run_program({(bin_dir / "pg_ctl").string(), "start", "--wait", "--timeout=120", "--silent",
                                         "-D", cluster_dir(settings.data_dir).string(), "-l", log.string()},
                                        user);
  if (finished.exit_code == 0) return;
  std::ifstream file(log);
  Finished told = finished;
  told.output += std::string{std::istreambuf_iterator<char>(file), {}};
  fail("the embedded PostgreSQL did not start", told, user);
}

}  // namespace

std::string embedded_conninfo(const Settings& settings, std::string_view user) {
  return "host=" + conninfo_quoted(socket_dir(settings.data_dir).string()) +
         " port=" + std::to_string(socket_port(settings)) + " dbname=" + std::string(kEmbeddedDatabase) +
         " user=" + std::string(user);
}

bool embedded_is_running(const Settings& settings) {
  return fs::exists(socket_dir(settings.data_dir) / (".s.PGSQL." + std::to_string(socket_port(settings)) + ".lock"));
}

std::filesystem::path server_bin_dir() {
  if (const char* pg_config = std::getenv("PG_CONFIG"); pg_config != nullptr && *pg_config == '/') {
    fs::path directory = fs::path(pg_config).parent_path();
    if (fs::exists(directory / "initdb")) return directory;
  }
  std::vector<std::pair<int, fs::path>> found;
  std::error_code ignored;
  for (const fs::directory_entry& version : fs::directory_iterator("/usr/lib/postgresql", ignored)) {
    if (fs::exists(version.path() / "bin" / "initdb"))
      found.emplace_back(std::atoi(version.path().filename().c_str()), version.path() / "bin");
  }
  if (found.empty())
    throw std::runtime_error(
        "no PostgreSQL server programs found; install one (apt-get install postgresql-15), "
        "or set MANAGEMENT_DATABASE_URL to use a server elsewhere");
  return std::max_element(found.begin(), found.end())->second;
}

EmbeddedServer EmbeddedServer::open(const Settings& settings) {
  const fs::path bin_dir = server_bin_dir();
  const std::optional<User> user = server_user();
  check_socket_path(settings.data_dir);
  fs::create_directories(settings.data_dir);
  EmbeddedServer server(bin_dir, settings.data_dir, take_lock(settings.data_dir));
  for (const char* name : {"run", "log"}) make_private_dir(settings.data_dir / name, user);
  fs::create_directories(settings.data_dir / "inbox");
  ensure_key_file(settings.data_dir, user);
  if (!fs::exists(cluster_dir(settings.data_dir))) create_cluster(bin_dir, settings.data_dir, user);
  check_version(bin_dir, settings.data_dir);
  if (!is_running(bin_dir, settings.data_dir, user)) {
    write_configuration(settings, user);
    start(bin_dir, settings, user);
  }
  return server;
}

EmbeddedServer::EmbeddedServer(fs::path bin_dir, fs::path data_dir, int lock)
    : bin_dir_(std::move(bin_dir)), data_dir_(std::move(data_dir)), lock_(lock) {}

EmbeddedServer::EmbeddedServer(EmbeddedServer&& other) noexcept
    : bin_dir_(std::move(other.bin_dir_)),
      data_dir_(std::move(other.data_dir_)),
      lock_(std::exchange(other.lock_, -1)) {}

bool EmbeddedServer::running() const { return is_running(bin_dir_, data_dir_, server_user()); }

void EmbeddedServer::start_again(const Settings& settings) const { start(bin_dir_, settings, server_user()); }

void EmbeddedServer::leave() {
  if (lock_ < 0) return;
  run_program({(bin_dir_ / "pg_ctl").string(), "stop", "--no-wait", "--mode=fast", "--silent", "-D",
               cluster_dir(data_dir_).string()},
              server_user());
  ::close(std::exchange(lock_, -1));
}

EmbeddedServer::~EmbeddedServer() {
  if (lock_ < 0) return;
  try {
    run_program({(bin_dir_ / "pg_ctl").string(), "stop", "--wait", "--timeout=8", "--mode=fast", "--silent", "-D",
                 cluster_dir(data_dir_).string()},
                server_user());
  } catch (const std::exception&) {
    // Nothing more can be done here: the next `cpi serve` finds the server running.
  }
  ::close(lock_);
}

}  // namespace cpi::app
