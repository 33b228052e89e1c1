// Listening survives the loss of its connection and of the server.
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "db/listener.h"
#include "support/cluster.h"

namespace cpi::db {
namespace {

using namespace std::chrono_literals;

/// A listener on a thread, and what it told.
class Listening {
 public:
  explicit Listening(const std::string& conninfo) {
    ListenerOptions options;
    options.conninfo = conninfo;
    options.channels = {"plain", "Needs \"Quotes\""};
    options.application_name = "listener under test";
    ListenerCallbacks callbacks;
    callbacks.notified = [this](std::string_view channel, std::string_view payload) {
      told([&] { notes_.push_back(std::string(channel) + "=" + std::string(payload)); });
    };
    callbacks.connected = [this] { told([this] { ++connected_; }); };
    callbacks.lost = [this](const std::string&, std::chrono::milliseconds) { told([this] { ++lost_; }); };
    thread_ = std::jthread([options, callbacks](const std::stop_token& stop) { listen(options, callbacks, stop); });
  }

  bool wait_connected(int times) {
    return wait([this, times] { return connected_ >= times; });
  }
  bool wait_note(const std::string& note) {
    return wait([this, note] { return std::find(notes_.begin(), notes_.end(), note) != notes_.end(); });
  }
  int lost() {
    const std::lock_guard lock(mutex_);
    return lost_;
  }

 private:
  template <typename Change>
  void told(Change change) {
    const std::lock_guard lock(mutex_);
    change();
    changed_.notify_all();
  }
  template <typename Condition>
  bool wait(Condition condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 60s, condition);
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> notes_;
  int connected_ = 0;
  int lost_ = 0;
  std::jthread thread_;
};

TEST(Listener, HearsItsChannelsWhateverTheyAreCalled) {
  test::Cluster& cluster = test::Cluster::shared();
  Listening listening(cluster.conninfo());
  ASSERT_TRUE(listening.wait_connected(1));
  Connection other = cluster.connect();
  other.exec("SELECT pg_notify('plain', 'a'), pg_notify('Needs \"Quotes\"', 'b')");
  EXPECT_TRUE(listening.wait_note("plain=a"));
  EXPECT_TRUE(listening.wait_note("Needs \"Quotes\"=b"));
}

TEST(Listener, ConnectsAgainWhenItsSessionIsKilled) {
  test::Cluster& cluster = test::Cluster::shared();
  Listening listening(cluster.conninfo());
  ASSERT_TRUE(listening.wait_connected(1));
  Connection other = cluster.connect();
  other.exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'listener under test'");
  ASSERT_TRUE(listening.wait_connected(2));
  EXPECT_GE(listening.lost(), 1);
  other.exec("NOTIFY plain, 'after'");
  EXPECT_TRUE(listening.wait_note("plain=after"));
}

TEST(Listener, WaitsForAServerThatIsAwayAndEndsWhenTold) {
  Listening listening("host=/nonexistent dbname=x");
  while (listening.lost() == 0) std::this_thread::yield();
}

}  // namespace
}  // namespace cpi::db
