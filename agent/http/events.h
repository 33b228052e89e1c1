// A stream of server-sent events (HTML standard, section 9.2): what cpi_jobs says, as it comes. Each event bears the
// agent's run and a number as its id; a client that comes back with Last-Event-ID gets what it missed, as long as it is
// the same agent and among the last thousand events. Otherwise, and when this agent itself could not listen for a
// while, the stream says that events may be missing (kMissed): none is lost in silence. A stream ends with the key that
// opened it.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <string>

#include "http/job_feed.h"

namespace cpi::http {

class Backend;

/// What a key is worth that has opened a stream: kUnknown while nobody can be asked.
enum class Standing { kValid, kEnded, kUnknown };

/// Lives on one executor's thread, and not longer than the backend.
class EventSource {
 public:
  /// `job_id` empty: every job. `since`: the feed's number after which events are sent, unless `last_event_id`, as the
  /// client sent it or empty, says more. `first`: JSON of an event that is sent before all others, without an id; may
  /// be empty. `standing` is asked before anything is sent; empty: whoever opened the stream needs no key that can end.
  EventSource(Backend& backend, std::string job_id, std::uint64_t since, const std::string& last_event_id,
              std::string first, std::function<boost::asio::awaitable<Standing>()> standing);

  /// What to send next: events, or a comment when nothing has happened for a while, so that dead clients are noticed
  /// and proxies keep the connection. While nobody can say whether the key is valid events are held back, and only
  /// comments sent. Empty: the agent stops, or the key has been revoked or is expired.
  boost::asio::awaitable<std::string> next();

 private:
  Backend& backend_;
  std::string job_id_;
  std::string pending_;
  std::uint64_t sent_;  ///< number of the last event that was sent
  std::function<boost::asio::awaitable<Standing>()> standing_;
  JobFeed::Waiter waiter_;
};

}  // namespace cpi::http
