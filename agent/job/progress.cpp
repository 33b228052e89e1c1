#include "job/progress.h"

#include <string_view>

namespace cpi::job {

void JobProgress::begin_job(std::size_t files_total, std::size_t files_done) {
  const std::lock_guard lock(mutex_);
  files_total_ = files_total;
  files_done_ = files_done;
}

std::shared_ptr<import::Progress> JobProgress::begin_file(const std::string& path, const std::string& table) {
  const std::lock_guard lock(mutex_);
  file_ = path;
  table_ = table;
  current_ = std::make_shared<import::Progress>();
  return current_;
}

void JobProgress::end_file() {
  const std::lock_guard lock(mutex_);
  ++files_done_;
  current_.reset();
  file_.clear();
  table_.clear();
}

void JobProgress::pause_file() {
  const std::lock_guard lock(mutex_);
  current_.reset();
}

nlohmann::json JobProgress::snapshot() const {
  const std::lock_guard lock(mutex_);
  nlohmann::json out = {{"files_total", files_total_}, {"files_done", files_done_}};
  if (current_) {
    out["file"] = file_;
    out["table"] = table_;
    out["phase"] = current_->phase.load();
    out["bytes_total"] = current_->bytes_total.load();
    out["bytes_read"] = current_->bytes_read.load();
    out["rows_read"] = current_->rows_read.load();
    out["rows_rejected"] = current_->rows_rejected.load();
  }
  return out;
}

bool JobProgress::applying() const {
  const std::lock_guard lock(mutex_);
  return current_ && std::string_view(current_->phase.load()) == "applying";
}

}  // namespace cpi::job
