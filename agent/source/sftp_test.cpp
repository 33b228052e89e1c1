#include "source/sftp_test.h"

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "observe/observe.h"
#include "source/sftp_files.h"

namespace cpi::source {

namespace {

using nlohmann::ordered_json;

constexpr std::size_t kNamesShown = 10;

/// Asks everybody to stop once the time is over, or when somebody else has asked.
class Deadline {
 public:
  Deadline(std::chrono::milliseconds time, const std::stop_token& outer)
      : on_outer_(outer, [this] { source_.request_stop(); }), timer_([this, time](const std::stop_token& end) {
          std::mutex mutex;
          std::condition_variable_any over;
          std::unique_lock lock(mutex);
          over.wait_for(lock, end, time, [] { return false; });
          if (!end.stop_requested()) source_.request_stop();
        }) {}
  std::stop_token token() const { return source_.get_token(); }

 private:
  std::stop_source source_;
  std::stop_callback<std::function<void()>> on_outer_;
  std::jthread timer_;
};

class SourceTest {
 public:
  SourceTest() {
    out_["success"] = false;
    out_["message"] = "";
    out_["file_count"] = nullptr;
    out_["host_key"] = nullptr;
    out_["files"] = ordered_json::array();
    out_["findings"] = ordered_json::array();
  }

  void run(std::string_view source, SftpAccess& access, const std::stop_token& stop) {
    const Result<SftpSettings> settings = parse_sftp_settings(source, "");
    if (!settings.ok()) return fail("settings", settings.error());
    access.shown = [this](const std::string& fingerprint) { out_["host_key"] = fingerprint; };
    Result<std::unique_ptr<SftpConnection>> connection = SftpConnection::open(*settings, access, stop);
    if (!connection.ok()) return fail("connect", connection.error());
    tell_of_host_key(*settings, (*connection)->host_key());
    const std::string directory = settings->path_of("");
    const Result<std::vector<Entry>> files = list_directory(**connection, directory, false);
    if (!files.ok()) return fail("remote_path", files.error());
    out_["success"] = true;
    out_["file_count"] = files->size();
    for (std::size_t i = 0; i < std::min(files->size(), kNamesShown); ++i) out_["files"].push_back((*files)[i].path);
    out_["message"] = "connected to \"" + settings->address() + "\" as " + settings->username + ": " +
                      std::to_string(files->size()) + (files->size() == 1 ? " file" : " files") + " in \"" + directory +
                      "\"";
  }

  void fail(const char* rule, const Error& error) {
    // Only our own deadline asks to stop here, or an agent that ends.
    const bool late = error.code == Code::kStopped;
    const std::string message = late ? "the server did not answer in time" : observe::mask(error.message);
    out_["message"] = message;
    std::string hint = error.detail;
    if (!error.hint.empty()) hint += (hint.empty() ? "" : " ") + error.hint;
    add(rule, message, hint);
  }

  void fail_unexpectedly(const char* what) {
    out_["success"] = false;
    out_["message"] = observe::mask(what);
  }

  std::string text() const { return out_.dump(-1, ' ', false, ordered_json::error_handler_t::replace); }

 private:
  void tell_of_host_key(const SftpSettings& settings, const std::string& fingerprint) {
    if (settings.host_key.empty()) {
      add("host_key", "the server's host key is " + fingerprint + ", seen for the first time and kept",
          "Compare it with what the server's administrator says.");
    } else {
      add("host_key", "the server's host key is the expected one, " + fingerprint, "");
    }
  }

  void add(const char* rule, const std::string& message, const std::string& hint) {
    ordered_json finding;
    finding["rule"] = rule;
    finding["message"] = observe::mask(message);
    finding["hint"] = hint.empty() ? ordered_json() : ordered_json(observe::mask(hint));
    out_["findings"].push_back(std::move(finding));
  }

  ordered_json out_;
};

}  // namespace

std::string test_sftp_source(std::string_view source, SftpAccess access, std::chrono::milliseconds time,
                             const std::stop_token& stop) {
  SourceTest test;
  try {
    const Deadline deadline(time, stop);
    access.timeout = std::min(access.timeout, time);
    test.run(source, access, deadline.token());
  } catch (const std::exception& error) {
    test.fail_unexpectedly(error.what());
  }
  return test.text();
}

}  // namespace cpi::source
