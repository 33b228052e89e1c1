#include "cli/follow.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>

#include "cli/table.h"
#include "store/jobs.h"

namespace cpi::cli {

void follow_job(store::Session& session, const std::string& job_id, const std::stop_token& stop,
                const std::function<bool(store::Management&, const nlohmann::json& job)>& seen) {
  constexpr std::chrono::milliseconds kLook{500};
  for (bool ended = false; !ended;) {
    session.call(stop, [&](store::Management& management) {
      // Each time: it costs nothing where we listen already, and the connection may be a new one.
      management.connection().exec("LISTEN cpi_jobs");
      const nlohmann::json job = store::get_job(management, job_id, false);
      ended = !seen(management, job) || store::is_final(job.value("status", ""));
      if (!ended) management.connection().wait_notification(kLook);
    });
  }
}

StatusLine::StatusLine() : terminal_(::isatty(STDERR_FILENO) != 0) {}

void StatusLine::show(const std::string& text) {
  if (!terminal_) return;
  winsize size{};
  const std::size_t width = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 10 ? size.ws_col : 80;
  std::fprintf(stderr, "\r%s\x1b[K", shortened(text, width - 1).c_str());
  std::fflush(stderr);
  shown_ = true;
}

void StatusLine::clear() {
  if (!terminal_ || !shown_) return;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
  shown_ = false;
}

}  // namespace cpi::cli
