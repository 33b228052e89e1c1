#include "http/job_feed.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <random>

namespace cpi::http {

namespace asio = boost::asio;

namespace {
constexpr std::size_t kRecent = 1000;
}  // namespace

bool is_final_status(std::string_view status) {
  return status == "completed" || status == "partial" || status == "failed" || status == "cancelled";
}

JobFeed::JobFeed() {
  std::random_device random;
  char text[9];
  std::snprintf(text, sizeof text, "%08x", static_cast<unsigned>(random()));
  run_ = text;
}

JobFeed::Waiter::Waiter(JobFeed& feed, const asio::any_io_executor& executor, std::string job_id, Wake wake)
    : feed_(feed), job_id_(std::move(job_id)), wake_(wake), timer_(executor) {
  feed_.waiters_[job_id_].insert(this);
}

JobFeed::Waiter::~Waiter() {
  const auto it = feed_.waiters_.find(job_id_);
  it->second.erase(this);
  if (it->second.empty()) feed_.waiters_.erase(it);
}

asio::awaitable<void> JobFeed::Waiter::sleep(Clock::time_point until) {
  if (!woken_) {
    timer_.expires_at(until);
    co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  woken_ = false;
}

void JobFeed::Waiter::wake() {
  woken_ = true;
  timer_.cancel();
}

void JobFeed::publish(const std::string& payload) {
  const nlohmann::json event = nlohmann::json::parse(payload, nullptr, false);
  if (!event.is_object()) return;
  const auto id = event.find("job_id");
  if (id == event.end() || !id->is_string()) return;
  const auto status = event.find("status");
  const bool final = status != event.end() && status->is_string() && is_final_status(status->get<std::string>());

  recent_.push_back(std::make_shared<const JobEvent>(JobEvent{next_++, id->get<std::string>(), event.dump()}));
  if (recent_.size() > kRecent) recent_.pop_front();
  for (const std::string& key : {recent_.back()->job_id, std::string()}) {
    const auto group = waiters_.find(key);
    if (group == waiters_.end()) continue;
    for (Waiter* waiter : group->second) {
      if (final || waiter->wake_ == Wake::kEvery) waiter->wake();
    }
  }
}

void JobFeed::missed() {
  recent_.push_back(std::make_shared<const JobEvent>(JobEvent{next_++, "", std::string(kMissed)}));
  if (recent_.size() > kRecent) recent_.pop_front();
  wake_all();
}

bool JobFeed::remembers(std::uint64_t number) const { return number < next_ && number + 1 >= next_ - recent_.size(); }

void JobFeed::wake_all() {
  for (const auto& [job_id, group] : waiters_) {
    for (Waiter* waiter : group) waiter->wake();
  }
}

std::vector<std::shared_ptr<const JobEvent>> JobFeed::after(std::uint64_t number, std::string_view job_id) const {
  std::vector<std::shared_ptr<const JobEvent>> out;
  for (const auto& event : recent_) {
    if (event->number > number && (job_id.empty() || event->job_id.empty() || event->job_id == job_id))
      out.push_back(event);
  }
  return out;
}

}  // namespace cpi::http
