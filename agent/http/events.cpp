#include "http/events.h"

#include <charconv>

#include "http/backend.h"

namespace cpi::http {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

constexpr auto kHeartbeat = 15s;
/// Between two questions for the key when nobody could answer and events are held back.
constexpr auto kAskAgain = 1s;
constexpr std::string_view kComment = ": still here\n\n";

/// The number in an id of this agent's run; nothing for ids of others, such as an agent before a restart.
std::optional<std::uint64_t> own_number(const std::string& event_id, const std::string& run) {
  if (!event_id.starts_with(run + "-")) return std::nullopt;
  std::uint64_t number = 0;
  const char* end = event_id.data() + event_id.size();
  const auto [stop, error] = std::from_chars(event_id.data() + run.size() + 1, end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

}  // namespace

EventSource::EventSource(Backend& backend, std::string job_id, std::uint64_t since, const std::string& last_event_id,
                         std::string first, std::function<asio::awaitable<Standing>()> standing)
    : backend_(backend),
      job_id_(std::move(job_id)),
      pending_("retry: 3000\n\n"),
      sent_(own_number(last_event_id, backend.feed().run()).value_or(since)),
      standing_(std::move(standing)),
      waiter_(backend.feed(), backend.executor(), job_id_, JobFeed::Wake::kEvery) {
  const bool came_back = !last_event_id.empty();
  if (came_back && !(own_number(last_event_id, backend.feed().run()) && backend.feed().remembers(sent_))) {
    sent_ = since;
    pending_ += "data: " + std::string(kMissed) + "\n\n";
  }
  if (!first.empty()) pending_ += "data: " + first + "\n\n";
}

asio::awaitable<std::string> EventSource::next() {
  for (bool waited = false;; waited = true) {
    if (backend_.hurrying()) co_return std::string();
    for (const auto& event : backend_.feed().after(sent_, job_id_)) {
      pending_ +=
          "id: " + backend_.feed().run() + "-" + std::to_string(event->number) + "\ndata: " + event->payload + "\n\n";
    }
    sent_ = backend_.feed().last_number();
    if (waited || !pending_.empty()) {
      Standing standing = Standing::kValid;
      if (standing_) standing = co_await standing_();
      if (standing == Standing::kEnded) co_return std::string();
      if (standing == Standing::kValid && !pending_.empty()) co_return std::exchange(pending_, std::string());
      if (waited) co_return std::string(kComment);
    }
    co_await waiter_.sleep(JobFeed::Clock::now() +
                           (pending_.empty() ? JobFeed::Clock::duration(kHeartbeat) : kAskAgain));
  }
}

}  // namespace cpi::http
