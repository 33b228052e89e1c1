// The line on a terminal that moves while files are loaded. On standard error, and only where that is a terminal.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "import/progress.h"

namespace cpi::cli {

/// What the line shows of the running work.
struct ProgressView {
  std::string label;  ///< the file's name, or "3 files"
  std::string phase;  ///< reading, copying, applying
  std::int64_t bytes_read = 0;
  std::int64_t bytes_total = 0;
  std::int64_t rows = 0;
  std::int64_t rejected = 0;
  double seconds = 0;     ///< since the work shown began
  std::size_t done = 0;   ///< files finished
  std::size_t files = 1;  ///< files in all
};

/// The line, at most `width` columns wide, such as
/// `2/11 orders.csv [#########-----------] 45% 1.2M rows 350k rows/s 0:12 left`.
std::string progress_line(const ProgressView& view, std::size_t width);

/// "1.2M", "350k", "999": a count for people in a hurry.
std::string short_count(double count);

/// Draws the line a few times a second while it lives. Thread-safe.
class ProgressBar {
 public:
  /// `enabled` false, or a standard error that is no terminal: draws nothing.
  ProgressBar(bool enabled, std::size_t files);
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  ~ProgressBar();

  /// Shows a file until `finished`; `progress` must live as long.
  void started(const std::string& label, const import::Progress& progress);
  void finished(const import::Progress& progress);

 private:
  struct Running {
    std::string label;
    const import::Progress* progress;
    std::chrono::steady_clock::time_point since;
  };
  void draw();
  void erase() const;

  bool enabled_;
  std::size_t files_;
  std::size_t done_ = 0;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<Running> running_;
  std::jthread thread_;
};

}  // namespace cpi::cli
