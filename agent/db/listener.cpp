#include "db/listener.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <random>
#include <system_error>

#include "db/connection.h"

namespace cpi::db {

namespace {

/// A descriptor that becomes readable when a stop is requested, so that poll() can wait for both.
class StopDescriptor {
 public:
  explicit StopDescriptor(const std::stop_token& stop) : callback_(stop, Raise{owner_.fd}) {}
  int get() const { return owner_.fd; }

 private:
  struct Owner {
    int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    Owner() {
      if (fd < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
    }
    Owner(const Owner&) = delete;
    Owner& operator=(const Owner&) = delete;
    ~Owner() { ::close(fd); }
  };
  struct Raise {
    int fd;
    void operator()() const noexcept {
      const std::uint64_t one = 1;
      [[maybe_unused]] const auto written = ::write(fd, &one, sizeof one);
    }
  };
  Owner owner_;  ///< before the callback, so that it is closed after the callback can no longer run
  std::stop_callback<Raise> callback_;
};

void listen_once(const ListenerOptions& options, const ListenerCallbacks& callbacks, int stop_fd, bool& heard) {
  Connection connection = Connection::connect(options.conninfo, options.connect_timeout, options.application_name);
  for (const std::string& channel : options.channels) connection.exec("LISTEN " + connection.quote_identifier(channel));
  heard = true;
  callbacks.connected();
  for (;;) {
    while (const auto note = connection.wait_notification(std::chrono::milliseconds(0))) {
      callbacks.notified(note->first, note->second);
    }
    pollfd waited[2] = {{connection.socket(), POLLIN, 0}, {stop_fd, POLLIN, 0}};
    if (::poll(waited, 2, -1) < 0 && errno != EINTR) throw std::system_error(errno, std::generic_category(), "poll");
    if (waited[1].revents != 0) return;
  }
}

}  // namespace

void listen(const ListenerOptions& options, const ListenerCallbacks& callbacks, const std::stop_token& stop) {
  using std::chrono::milliseconds;
  constexpr milliseconds kFirstDelay{100};
  constexpr milliseconds kMostDelay{15000};
  const StopDescriptor stop_descriptor(stop);
  std::minstd_rand random(std::random_device{}());
  milliseconds delay = kFirstDelay;
  std::mutex mutex;
  std::condition_variable_any stopped;
  while (!stop.stop_requested()) {
    bool heard = false;
    try {
      listen_once(options, callbacks, stop_descriptor.get(), heard);
    } catch (const Error& error) {
      delay = heard ? kFirstDelay : std::min(delay * 2, kMostDelay);
      const milliseconds jittered(
          std::uniform_int_distribution<std::int64_t>(delay.count() / 2, delay.count())(random));
      callbacks.lost(error.what(), jittered);
      std::unique_lock lock(mutex);
      stopped.wait_for(lock, stop, jittered, [] { return false; });
    }
  }
}

}  // namespace cpi::db
