#include "db/blocking_calls.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <map>
#include <mutex>
#include <thread>

#include "db/error.h"

namespace cpi::db {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

struct BlockingCalls::State {
  State(asio::any_io_executor the_executor, int the_limit) : executor(std::move(the_executor)), limit(the_limit) {}

  struct Waiting {
    asio::steady_timer timer;
    bool ended = false;
  };

  asio::any_io_executor executor;
  const int limit;
  int running = 0;                                           ///< like what follows: the executor's thread alone
  std::map<std::uint64_t, std::unique_ptr<Waiting>> timers;  ///< of all turns, in their order
  std::uint64_t next = 1;
  std::mutex mutex;  ///< a thread posts, or the calls are abandoned: never both
  bool open = true;
};

BlockingCalls::BlockingCalls(asio::any_io_executor executor, int limit)
    : state_(std::make_shared<State>(std::move(executor), limit)) {}

BlockingCalls::~BlockingCalls() { abandon(); }

void BlockingCalls::abandon() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->open = false;
  }
  for (const auto& [number, waiting] : state_->timers) waiting->timer.cancel();
}

void BlockingCalls::fail_abandoned() { throw Error("the server is stopping", "57P01", "", "", true); }

BlockingCalls::Turn::Turn(std::shared_ptr<State> state) : state_(std::move(state)), number_(state_->next++) {
  state_->timers.emplace(number_, std::make_unique<State::Waiting>(
                                      State::Waiting{asio::steady_timer(state_->executor, Clock::time_point::max())}));
}

BlockingCalls::Turn::~Turn() {
  state_->timers.erase(number_);
  if (!begun_) return;
  --state_->running;
  for (const auto& [number, waiting] : state_->timers) waiting->timer.cancel();
}

asio::awaitable<void> BlockingCalls::Turn::begin() {
  while (state_->open && state_->running >= state_->limit) {
    co_await state_->timers.at(number_)->timer.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  if (!state_->open) fail_abandoned();
  begun_ = true;
  ++state_->running;
}

void BlockingCalls::Turn::start(std::function<void()> body) {
  std::thread([state = state_, number = number_, body = std::move(body)]() mutable {
    body();
    body = nullptr;  // what nobody waits for any more ends here, not on the executor
    const std::lock_guard lock(state->mutex);
    if (!state->open) return;
    asio::post(state->executor, [state, number] {
      const auto it = state->timers.find(number);
      if (it == state->timers.end()) return;
      it->second->ended = true;
      it->second->timer.cancel();
    });
  }).detach();
}

asio::awaitable<void> BlockingCalls::Turn::wait() {
  State::Waiting& waiting = *state_->timers.at(number_);
  while (state_->open && !waiting.ended) {
    co_await waiting.timer.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

}  // namespace cpi::db
