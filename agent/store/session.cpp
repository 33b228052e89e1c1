#include "store/session.h"

#include <algorithm>
#include <utility>

#include "observe/observe.h"

namespace cpi::store {

bool sleep_for(std::chrono::milliseconds time, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock lock(mutex);
  return !stopped.wait_for(lock, stop, time, [&stop] { return stop.stop_requested(); });
}

std::chrono::milliseconds reconnect_delay(int failures, double jitter) {
  constexpr double kFirst = 100;
  constexpr double kMost = 15000;
  const double full = std::min(kMost, kFirst * static_cast<double>(1U << std::min(failures, 10)));
  return std::chrono::milliseconds(static_cast<std::int64_t>(full * (1 - jitter / 2)));
}

Session::Session(std::string conninfo, std::chrono::milliseconds connect_timeout, std::string application_name)
    : conninfo_(std::move(conninfo)),
      connect_timeout_(connect_timeout),
      application_name_(std::move(application_name)),
      random_(std::random_device()()) {}

Management& Session::management() {
  if (management_ && !management_->connection().healthy()) management_.reset();
  if (!management_) management_.emplace(db::Connection::connect(conninfo_, connect_timeout_, application_name_));
  return *management_;
}

void Session::drop_if_lost(const db::Error& error) {
  if (error.poisons_connection() || (management_ && !management_->connection().healthy())) management_.reset();
}

void Session::again_after(const db::Error& error, int failures, const std::stop_token& stop) {
  drop_if_lost(error);
  if (!error.retryable()) throw error;
  // The heartbeat reports that the database is away; here only what concerns this session alone is worth a line, such
  // as a server without a connection to spare.
  constexpr int kWorthALine = 5;
  if (failures == kWorthALine && !error.sqlstate().empty() && !error.is("57P")) {
    observe::emit({observe::Kind::kManagementLost,
                   {{"error", error.what()}, {"tries", failures + 1}, {"session", application_name_}}});
  }
  const double jitter = std::generate_canonical<double, 16>(random_);
  if (!sleep_for(reconnect_delay(failures, jitter), stop)) throw Unreachable(error.what());
}

}  // namespace cpi::store
