#include "cli/job_rejects.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <stdexcept>
#include <vector>

#include "cli/file_report.h"
#include "cli/rejects_file.h"
#include "cli/session.h"
#include "cli/table.h"
#include "core/text/transcoder.h"
#include "core/text/utf8.h"
#include "store/jobs.h"

namespace cpi::cli {

namespace {

using nlohmann::json;

/// For a command line that a person may paste into a shell.
std::string shell_word(const std::string& text) {
  const bool plain =
      text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./") == std::string::npos;
  if (plain && !text.empty()) return text;
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

bool is_ascii(const std::string& bytes) {
  for (const char c : bytes) {
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  }
  return true;
}

}  // namespace

void write_job_rejects(store::Session& session, const json& job, const std::string& path) {
  if (const Result<void> place = check_job_rejects(job, path); !place.ok()) {
    throw std::runtime_error(place.error().message);
  }
  std::vector<json> files;
  for (const json& file : job.value("file_results", json::array())) {
    if (file.value("rejected", std::int64_t{0}) > 0) files.push_back(file);
  }
  if (files.empty()) std::fputs(stale_rejects(path).c_str(), stderr);
  const std::string job_id = job.at("id").get<std::string>();
  std::set<std::string> taken;
  for (const json& file : files) {
    const std::string name = file.value("filename", "");
    const store::RejectsCsv rejects = say(session, [&](store::Management& management) {
      return store::rejects_csv(management, job_id, file.at("id").get<std::string>());
    });
    std::string target = path;
    if (rejects.whole > 0) {
      target = rejects_path(path, name, files.size() > 1, taken);
      if (const Result<void> done = write_rejects(target, rejects.csv, rejects.encoding); !done.ok()) {
        throw std::runtime_error(done.error().message);
      }
    }
    std::string line = printable(name) + ": " + rejects_written(rejects.whole, rejects.kept, rejects.total, target);
    if (rejects.whole > 0 && file.value("success", false)) {
      line += "\n  mended: cpi import --replay " + job_id +
              (files.size() > 1 ? " --file " + shell_word(name) : std::string()) + " " + shell_word(target);
    }
    std::fprintf(stderr, "%s\n", line.c_str());
  }
}

Result<void> check_job_rejects(const json& job, const std::string& path) {
  std::vector<std::string> inputs;
  for (const json& file : job.value("file_results", json::array())) {
    const std::string name = file.value("filename", "");
    if (std::filesystem::path(name).is_absolute()) inputs.push_back(name);
  }
  return check_rejects_path(path, inputs);
}

Result<std::string> read_mended(store::Session& session, const std::string& path, const std::string& job_id,
                                const std::string& file, const std::string& encoding) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream read;
  if (in) read << in.rdbuf();
  if (!in || in.bad()) return Error{Code::kFileUnreadable, "file \"" + path + "\" cannot be read", "", ""};
  const std::string bytes = read.str();
  const std::vector<std::string> found =
      say(session, [&](store::Management& management) { return store::rejects_encodings(management, job_id, file); });
  // Told before any complaint about bytes, which may come of having meant another file.
  if (found.empty() && !file.empty()) {
    return Error{Code::kInvalidArgument, "job " + job_id + " has loaded no file \"" + file + "\" with rejected rows",
                 "", "See its files: cpi jobs " + job_id + "."};
  }
  std::string meant = encoding;
  if (meant.empty()) {
    meant = found.size() == 1 ? found.front() : "utf-8";
    // In nearly every other encoding these bytes are text as well, but not the one that was meant.
    const text::FileEncoding read_as = text::file_encoding(meant, bytes);
    const auto transcoder = text::make_transcoder(read_as.name, {});
    if (transcoder.ok() && !(*transcoder)->is_identity() && !read_as.marked && !is_ascii(bytes) &&
        text::valid_utf8(bytes)) {
      return Error{Code::kInvalidArgument,
                   "\"" + path + "\" looks like UTF-8, but the file that the rows came from was " + meant, "",
                   "Say which it is: --encoding utf-8 or --encoding " + meant + "."};
    }
  }
  Result<std::string> content = text::decode(bytes, meant);
  if (!content.ok()) {
    Error error = content.error();
    error.message = "\"" + path + "\": " + error.message;
    if (error.hint.empty()) error.hint = "Say its encoding with --encoding, such as windows-1252.";
    return error;
  }
  // Without content the rows that are kept would be tried again.
  if (content->empty()) return Error{Code::kFileUnreadable, "file \"" + path + "\" is empty", "", ""};
  return content;
}

}  // namespace cpi::cli
