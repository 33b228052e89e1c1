#include "app/embedded_guard.h"

#include <chrono>
#include <exception>
#include <string>

#include "observe/observe.h"
#include "store/session.h"

namespace cpi::app {

namespace {

using namespace std::chrono_literals;
using observe::Kind;

constexpr auto kLook = 2s;
/// A server that dies again within this time counts as one that did not come back.
constexpr auto kStable = 60s;
constexpr int kMostTries = 5;  // each after twice the pause

/// False when it stays away.
bool start_again(const EmbeddedServer& server, const Settings& settings, int tries) {
  try {
    server.start_again(settings);
    observe::emit({Kind::kPostgresStarted, {{"data_dir", settings.data_dir.string()}, {"tries", tries}}});
    return true;
  } catch (const std::exception& error) {
    // Whoever stopped it may have started it himself meanwhile.
    if (server.running()) return true;
    observe::emit(observe::problem("embedded PostgreSQL", error.what()));
    return false;
  }
}

}  // namespace

void keep_embedded(const EmbeddedServer& server, const Settings& settings, const std::stop_token& stop) {
  int tries = 0;
  std::chrono::steady_clock::time_point started{};
  while (store::sleep_for(kLook, stop)) {
    try {
      if (server.running()) continue;
      if (tries > 0 && std::chrono::steady_clock::now() - started > kStable) tries = 0;
      if (tries == 0) {
        observe::emit(observe::warning("embedded PostgreSQL", "it was stopped or killed; starting it again"));
      }
      if (tries == kMostTries) {
        observe::emit(observe::problem(
            "embedded PostgreSQL", "it does not stay up; start it with pg_ctl, or restart cpi serve. Its log is in " +
                                       (settings.data_dir / "log").string()));
        return;
      }
      if (tries > 0 && !store::sleep_for(kLook * (1 << (tries - 1)), stop)) return;
      ++tries;
      start_again(server, settings, tries);
      started = std::chrono::steady_clock::now();
    } catch (const std::exception& error) {
      observe::emit(observe::problem("embedded PostgreSQL", error.what()));
    }
  }
}

}  // namespace cpi::app
