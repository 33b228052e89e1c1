#include "net/connect.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

namespace cpi::net {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

Error stopped() { return {Code::kStopped, "connecting was given up", "", ""}; }

Error unreachable(std::string message, std::string detail, std::string hint) {
  return {Code::kHostUnreachable, std::move(message), std::move(detail), std::move(hint)};
}

std::string bare(const std::string& host) {
  return host.size() >= 2 && host.front() == '[' && host.back() == ']' ? host.substr(1, host.size() - 2) : host;
}

/// A look-up that may outlive the one who waits for it: getaddrinfo cannot be interrupted.
struct Lookup {
  std::mutex mutex;
  std::condition_variable_any ended;
  std::optional<Result<std::vector<Address>>> answer;
};

Result<std::vector<Address>> look_up(const std::string& host, Clock::time_point deadline, const std::stop_token& stop,
                                     const Resolver& resolver) {
  const auto lookup = std::make_shared<Lookup>();
  std::thread([lookup, host, resolver] {
    Result<std::vector<Address>> answer = [&]() -> Result<std::vector<Address>> {
      try {
        return resolver(host);
      } catch (const std::exception& error) {
        return unreachable("cannot look up host \"" + host + "\": " + error.what(), "", "");
      }
    }();
    const std::lock_guard lock(lookup->mutex);
    lookup->answer = std::move(answer);
    lookup->ended.notify_all();
  }).detach();
  std::unique_lock lock(lookup->mutex);
  if (!lookup->ended.wait_until(lock, stop, deadline, [&] { return lookup->answer.has_value(); })) {
    if (stop.stop_requested()) return stopped();
    return unreachable("host \"" + host + "\" was not found in time", "", "Check the name servers of this machine.");
  }
  return std::move(*lookup->answer);
}

/// Readable once `stop` is requested, so that poll(2) can wait for it beside a socket.
class StopSignal {
 public:
  explicit StopSignal(const std::stop_token& stop)
      : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), callback_(stop, Raise{event_.get()}) {
    if (!event_.is_open()) throw std::system_error(errno, std::generic_category(), "cannot make an eventfd");
  }
  int fd() const { return event_.get(); }

 private:
  struct Raise {
    int fd;
    void operator()() const { ::eventfd_write(fd, 1); }
  };
  Descriptor event_;
  std::stop_callback<Raise> callback_;
};

/// 0, or the errno that says why `address` was not connected to; ECANCELED after a stop.
int connect_to(const Descriptor& socket, const Address& address, std::uint16_t port, Clock::time_point deadline,
               const StopSignal& stop) {
  sockaddr_storage storage{};
  const socklen_t length = address.to_sockaddr(port, storage);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&storage), length) == 0) return 0;
  if (errno != EINPROGRESS && errno != EINTR) return errno;
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return ETIMEDOUT;
    std::array<pollfd, 2> waited{{{socket.get(), POLLOUT, 0}, {stop.fd(), POLLIN, 0}}};
    const int ready = ::poll(waited.data(), waited.size(), static_cast<int>(left));
    if (ready < 0 && errno != EINTR) return errno;
    if (ready <= 0) continue;
    if (waited[1].revents != 0) return ECANCELED;
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
    return error;
  }
}

Result<Descriptor> open_socket(const Address& address) {
  Descriptor socket(
      ::socket(address.is_v4() ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  if (!socket.is_open()) return unreachable(std::strerror(errno), "", "");
  const int on = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(socket.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  return socket;
}

std::string hint_for(int error) {
  if (error == ECONNREFUSED) return "Check host and port, and that a server listens there.";
  return "Check host and port, and that a firewall lets this machine through.";
}

}  // namespace

Result<std::vector<Address>> system_resolver(const std::string& host) {
  addrinfo wanted{};
  wanted.ai_family = AF_UNSPEC;
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int status = ::getaddrinfo(host.c_str(), nullptr, &wanted, &found);
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, [](addrinfo* list) {
    if (list != nullptr) ::freeaddrinfo(list);
  });
  if (status != 0) {
    return unreachable(
        "cannot find host \"" + host + "\": " + (status == EAI_SYSTEM ? std::strerror(errno) : ::gai_strerror(status)),
        "", "Check the host's name; this agent's machine cannot resolve it.");
  }
  std::vector<Address> addresses;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    const std::optional<Address> address = Address::from(one->ai_addr, one->ai_addrlen);
    if (address && std::find(addresses.begin(), addresses.end(), *address) == addresses.end())
      addresses.push_back(*address);
  }
  return addresses;
}

Result<std::vector<Address>> resolve(const std::string& host, const EgressPolicy& policy, milliseconds timeout,
                                     const std::stop_token& stop, const Resolver& resolver) {
  if (stop.stop_requested()) return stopped();
  const std::string name = bare(host);
  if (name.empty()) return unreachable("no host is named", "", "Name a host.");
  Result<std::vector<Address>> found = [&]() -> Result<std::vector<Address>> {
    if (const std::optional<Address> literal = Address::parse(name)) return std::vector<Address>{*literal};
    return look_up(name, Clock::now() + timeout, stop, resolver);
  }();
  if (!found) return found;
  std::vector<Address> allowed;
  std::optional<Error> refused;
  for (const Address& address : *found) {
    std::optional<Error> refusal = policy.refusal(host, address);
    if (!refusal) {
      allowed.push_back(address);
    } else if (!refused) {
      refused = std::move(refusal);
    }
  }
  if (!allowed.empty()) return allowed;
  if (refused) return *refused;
  return unreachable("host \"" + host + "\" has no address", "", "Check the host's name.");
}

Result<Descriptor> connect(const std::string& host, std::uint16_t port, const EgressPolicy& policy,
                           milliseconds timeout, const std::stop_token& stop, const Resolver& resolver) {
  const Clock::time_point deadline = Clock::now() + timeout;
  const Result<std::vector<Address>> addresses = resolve(host, policy, timeout, stop, resolver);
  if (!addresses) return addresses.error();
  const StopSignal stop_signal(stop);
  std::string reason;
  std::string tried;
  int last = 0;
  for (std::size_t i = 0; i < addresses->size(); ++i) {
    const Address& address = (*addresses)[i];
    const auto share = (deadline - Clock::now()) / static_cast<std::int64_t>(addresses->size() - i);
    Result<Descriptor> socket = open_socket(address);
    if (socket.ok()) {
      last = connect_to(*socket, address, port, Clock::now() + share, stop_signal);
      if (last == 0) return socket;
      if (last == ECANCELED) return stopped();
      reason = std::strerror(last);
    } else {
      reason = socket.error().message;
    }
    tried += (tried.empty() ? "" : "; ") + address.text() + ": " + reason;
  }
  return unreachable("cannot connect to \"" + host + "\", port " + std::to_string(port) + ": " + reason,
                     "Tried " + tried + ".", hint_for(last));
}

}  // namespace cpi::net
