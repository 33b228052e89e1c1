// A connection that only listens: LISTEN on some channels, a callback for every notification, connected again for ever.
// NOTIFY is a hint that may be lost (a reconnect, a transaction pooler): whoever needs a guarantee polls.
#pragma once

#include <chrono>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace cpi::db {

struct ListenerOptions {
  std::string conninfo;
  std::vector<std::string> channels;
  std::chrono::milliseconds connect_timeout{10000};
  std::string application_name = "cpi listener";
};

/// Called on the listening thread; must not block for long.
struct ListenerCallbacks {
  std::function<void(std::string_view channel, std::string_view payload)> notified;
  /// LISTEN has taken effect, at first and after each reconnect: whatever was said before may have been missed.
  std::function<void()> connected = [] {};
  /// The connection could not be made or was lost; it is tried again after `delay`.
  std::function<void(const std::string& error, std::chrono::milliseconds delay)> lost =
      [](const std::string&, std::chrono::milliseconds) {};
};

/// Listens until `stop` is requested: the body of a thread. Wakes for notifications and for `stop` only. Never throws
/// for a database that is away.
void listen(const ListenerOptions& options, const ListenerCallbacks& callbacks, const std::stop_token& stop);

}  // namespace cpi::db
