// Watching one job until it ends, from the command line. Survives restarts of the management database.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "store/session.h"

namespace cpi::cli {

/// Calls `seen` with the job (without details) at once and at every change that it notices, until the job has ended or
/// `seen` returns false. Wakes on NOTIFY cpi_jobs and twice a second. Throws what store::Session::call throws:
/// store::Unreachable when `stop` is requested while the database is away.
void follow_job(store::Session& session, const std::string& job_id, const std::stop_token& stop,
                const std::function<bool(store::Management&, const nlohmann::json& job)>& seen);

/// A line on standard error that is written over again and again; silent when standard error is no terminal.
class StatusLine {
 public:
  StatusLine();
  ~StatusLine() { clear(); }
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;
  void show(const std::string& text);
  void clear();

 private:
  bool terminal_;
  bool shown_ = false;
};

}  // namespace cpi::cli
