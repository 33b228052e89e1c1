#include "cli/follow.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>

#include "cli/table.h"
#include "store/jobs.h"

namespace cpi::cli {

void follow_job(store::Session& session, const std::string& job_id,
                const std::function<bool(store::Management&, const nlohmann::json& job)>& seen) {
  constexpr std::chrono::milliseconds kLook{500};
  const std::stop_token never;
  const store::Management* listening = nullptr;
  for (bool ended = false; !ended;) {
    session.call(never, [&](store::Management& management) {
      if (!session.connected() || listening != &management || !management.connection().healthy()) {
        management.connection().exec("LISTEN cpi_jobs");
        listening = &management;
      }
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
