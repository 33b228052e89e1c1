#include "cli/progress_bar.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>

namespace cpi::cli {

namespace {

std::size_t terminal_width() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

std::string clock_text(double seconds) {
  const auto whole = static_cast<std::int64_t>(std::llround(std::max(seconds, 0.0)));
  if (whole >= 3600) return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

/// At most `columns` bytes without cutting a UTF-8 character in two.
std::string cut(const std::string& text, std::size_t columns) {
  if (text.size() <= columns) return text;
  std::size_t end = columns;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end);
}

}  // namespace

std::string short_count(double count) {
  if (count < 1000) return fmt::format("{:.0f}", count);
  if (count < 10'000) return fmt::format("{:.1f}k", count / 1e3);
  if (count < 1e6) return fmt::format("{:.0f}k", count / 1e3);
  if (count < 1e9) return fmt::format("{:.1f}M", count / 1e6);
  return fmt::format("{:.1f}G", count / 1e9);
}

std::string progress_line(const ProgressView& view, std::size_t width) {
  const double share =
      view.bytes_total > 0
          ? std::clamp(static_cast<double>(view.bytes_read) / static_cast<double>(view.bytes_total), 0.0, 1.0)
          : 0.0;
  std::string tail;
  if (view.phase == "copying" || view.phase == "reading") {
    tail = fmt::format(" {:3.0f}%", share * 100);
    if (view.rows > 0) tail += " " + short_count(static_cast<double>(view.rows)) + " rows";
    if (view.rows > 0 && view.seconds > 0.5) {
      tail += " " + short_count(static_cast<double>(view.rows) / view.seconds) + " rows/s";
    }
    if (share > 0.01 && view.seconds > 1) tail += " " + clock_text(view.seconds / share - view.seconds) + " left";
  } else {
    tail = " " + view.phase;
    if (view.rows > 0) tail += " " + short_count(static_cast<double>(view.rows)) + " rows";
    tail += " " + clock_text(view.seconds);
  }
  if (view.rejected > 0) tail += " " + short_count(static_cast<double>(view.rejected)) + " rejected";

  std::string head = view.label;
  if (view.files > 1) head = fmt::format("{}/{} {}", std::min(view.done + 1, view.files), view.files, view.label);
  constexpr std::size_t kBarColumns = 20;
  constexpr std::size_t kFrame = 3;  // blank and brackets
  if (width < head.size() + kBarColumns + kFrame + tail.size()) {
    return cut(cut(head, width > tail.size() ? width - tail.size() : 0) + tail, width);
  }
  const auto filled = static_cast<std::size_t>(share * kBarColumns);
  return head + " [" + std::string(filled, '#') + std::string(kBarColumns - filled, '-') + "]" + tail;
}

ProgressBar::ProgressBar(bool enabled, std::size_t files)
    : enabled_(enabled && ::isatty(STDERR_FILENO) == 1), files_(files) {
  if (!enabled_) return;
  thread_ = std::jthread([this](const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
      draw();
      changed_.wait_for(lock, stop, std::chrono::milliseconds(200), [] { return false; });
    }
    erase();
  });
}

ProgressBar::~ProgressBar() = default;

void ProgressBar::started(const std::string& label, const import::Progress& progress) {
  const std::lock_guard lock(mutex_);
  running_.push_back({label, &progress, std::chrono::steady_clock::now()});
}

void ProgressBar::finished(const import::Progress& progress) {
  const std::lock_guard lock(mutex_);
  std::erase_if(running_, [&](const Running& one) { return one.progress == &progress; });
  ++done_;
}

void ProgressBar::draw() {
  if (running_.empty()) return;
  ProgressView view;
  view.label = running_.size() == 1 ? running_.front().label : fmt::format("{} files", running_.size());
  view.phase = running_.front().progress->phase.load();
  view.done = done_;
  view.files = files_;
  auto since = running_.front().since;
  for (const Running& one : running_) {
    view.bytes_read += one.progress->bytes_read;
    view.bytes_total += one.progress->bytes_total;
    view.rows += one.progress->rows_read;
    view.rejected += one.progress->rows_rejected;
    since = std::min(since, one.since);
  }
  view.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count();
  std::fprintf(stderr, "\r\033[K%s", progress_line(view, terminal_width() - 1).c_str());
  std::fflush(stderr);
}

void ProgressBar::erase() const {
  std::fputs("\r\033[K", stderr);
  std::fflush(stderr);
}

}  // namespace cpi::cli
