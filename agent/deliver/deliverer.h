// The agent's webhooks: one thread that claims due deliveries, keeps many transfers in flight on one libcurl multi
// handle and writes down how they ended. Which delivery is due, how long one waits and when it is given up is the
// database's (sql/replace/deliveries.sql); what an answer means is deliver/outcome.h.
//
//   NOTIFY cpi_deliveries, poll ─► claim ─► Transfer ─► curl_multi ─► judge ─► _cpi_finish_deliveries
//
// A receiver that is slow or dead holds up nobody else: of one receiver only a few deliveries are under way among all
// agents, and there is room for the few of many.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "net/egress.h"

namespace cpi::deliver {

struct DelivererOptions {
  std::string conninfo;  ///< of the management database
  std::string agent_id;  ///< this run's id in cpi_agents; queue::Agent registers it
  net::EgressPolicy egress;
  std::chrono::milliseconds connect_timeout{10000};  ///< to the management database
};

/// `start` and `stop` are called by one thread, each once.
class Deliverer {
 public:
  explicit Deliverer(DelivererOptions options);
  Deliverer(const Deliverer&) = delete;
  Deliverer& operator=(const Deliverer&) = delete;
  /// Stops when `stop` was not called, and waits for the thread.
  ~Deliverer();

  /// Starts the thread. The management database need not be there yet. Nothing that happens on the thread ends the
  /// process: failures are logged and tried again.
  void start();

  /// Claims no more; transfers in flight are cut and given back to the queue at once. Returns true when the thread has
  /// ended within `patience`; false when it hangs in a database that does not answer: end the process then, its leases
  /// run out by themselves.
  bool stop(std::chrono::milliseconds patience);

 private:
  class Loop;
  struct Thread;
  std::unique_ptr<Thread> thread_;
};

}  // namespace cpi::deliver
