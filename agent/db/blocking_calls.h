// What can neither be made asynchronous nor interrupted (looking up a name, connecting, testing a target), for the
// coroutines of one executor: each call runs on a thread of its own. Nobody ever waits for such a thread: at the end
// the calls are abandoned, and what their threads still bring is dropped.
#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace cpi::db {

/// Lives on one executor's thread; only the work runs elsewhere.
class BlockingCalls {
 public:
  /// At most `limit` calls run at a time, further ones wait.
  BlockingCalls(boost::asio::any_io_executor executor, int limit);
  BlockingCalls(const BlockingCalls&) = delete;
  BlockingCalls& operator=(const BlockingCalls&) = delete;
  /// Abandons.
  ~BlockingCalls();

  /// Answers what `work` returns, or throws what it throws; after `abandon` a db::Error with SQLSTATE 57P01, at once.
  /// `work` owns what it uses: it may outlive this object.
  template <typename T>
  boost::asio::awaitable<T> run(std::function<T()> work);

  /// Wakes everybody who waits, for good. After it no thread touches the executor.
  void abandon();

 private:
  struct State;
  /// A place among the `limit`, and a timer that the end of the work cancels.
  class Turn {
   public:
    explicit Turn(std::shared_ptr<State> state);
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn();
    boost::asio::awaitable<void> begin();
    /// Starts `body` on a thread; `wait` returns when it has ended or was abandoned.
    void start(std::function<void()> body);
    boost::asio::awaitable<void> wait();

   private:
    std::shared_ptr<State> state_;
    std::uint64_t number_;
    bool begun_ = false;
  };
  [[noreturn]] static void fail_abandoned();

  std::shared_ptr<State> state_;
};

template <typename T>
boost::asio::awaitable<T> BlockingCalls::run(std::function<T()> work) {
  struct Outcome {
    std::optional<T> value;
    std::exception_ptr error;
    std::atomic<bool> ready = false;
  };
  auto outcome = std::make_shared<Outcome>();
  Turn turn(state_);
  co_await turn.begin();
  turn.start([outcome, work = std::move(work)] {
    try {
      outcome->value.emplace(work());
    } catch (...) {
      outcome->error = std::current_exception();
    }
    outcome->ready = true;
  });
  co_await turn.wait();
  if (!outcome->ready) fail_abandoned();
  if (outcome->error) std::rethrow_exception(outcome->error);
  co_return std::move(*outcome->value);
}

}  // namespace cpi::db
