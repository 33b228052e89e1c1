#include "cli/job_output.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>

#include "cli/command.h"
#include "cli/dialect_line.h"
#include "cli/file_report.h"
#include "cli/table.h"

namespace cpi::cli {

namespace {

using nlohmann::json;

std::string text(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return "";
  return found->is_string() ? found->get<std::string>() : found->dump();
}

std::int64_t number(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? found->get<std::int64_t>() : 0;
}

bool dry_run(const json& job) { return job.value("dry_run", false); }

std::string count(const json& object, const char* key) { return grouped(number(object, key)); }

std::string seconds(const json& object) {
  const auto found = object.find("duration_seconds");
  if (found == object.end() || !found->is_number()) return "";
  const double value = found->get<double>();
  char out[32];
  if (value < 60) {
    std::snprintf(out, sizeof out, "%.1f s", value);
  } else {
    std::snprintf(out, sizeof out, "%d:%02d min", static_cast<int>(value) / 60, static_cast<int>(value) % 60);
  }
  return out;
}

/// "2026-11-23T22:10:00.123+00:00" → "2026-11-23 22:10:00".
std::string short_time(std::string time) {
  if (time.size() > 19) time.resize(19);
  std::replace(time.begin(), time.end(), 'T', ' ');
  return time;
}

/// Detail and hint of an error stand on lines of their own, indented below it.
std::string indented(const std::string& message) {
  std::string out;
  for (char c : message) {
    if (c == '\n') {
      out += "\n      ";
    } else {
      out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return out;
}

std::string files_table(const json& files) {
  using enum Align;
  Table table({"file", "table", "status", "read", "inserted", "updated", "skipped", "duplicates", "rejected", "time"},
              {kLeft, kLeft, kLeft, kRight, kRight, kRight, kRight, kRight, kRight, kRight});
  for (const json& file : files) {
    table.add({text(file, "filename"), text(file, "table_name"), text(file, "status"), count(file, "read"),
               count(file, "inserted"), count(file, "updated"), count(file, "skipped"), count(file, "duplicates"),
               count(file, "rejected"), seconds(file)});
  }
  return table.empty() ? "" : table.text();
}

void append_files(std::string& out, const json& files) {
  out += "\n" + files_table(files);
  for (const json& file : files) {
    const std::string error = text(file, "error");
    if (!error.empty()) out += "\n  " + printable(text(file, "filename")) + ": " + indented(error) + "\n";
    const std::string detected = dialect_line(file.value("dialect", json()));
    if (!detected.empty()) out += "\n  " + printable(text(file, "filename")) + ": " + detected + "\n";
    for (const json& one : file.value("widened", json::array())) {
      out += "\n  " + printable(text(file, "filename")) + ": " +
             widened_line(text(file, "table_name"), text(one, "column"), text(one, "from"), text(one, "to")) + "\n";
    }
    if (!file.contains("warnings") || !file["warnings"].is_array()) continue;
    for (const json& warning : file["warnings"]) {
      out += "\n  " + printable(text(file, "filename")) + ": note: " + indented(warning.get<std::string>()) + "\n";
    }
  }
}

/// `total` counts the rows of files that were loaded and of those that failed; the rest of those kept is written by
/// --rejects.
void append_rejects(std::string& out, const store::FirstRejects& rejects, std::int64_t total, const std::string& job) {
  if (rejects.rows.empty()) return;
  constexpr std::size_t kRawWidth = 100;
  const auto shown = static_cast<std::int64_t>(rejects.rows.size());
  out += "\nrejected rows";
  if (total > shown) out += " (the first " + std::to_string(shown) + " of " + grouped(total);
  if (total > rejects.kept) out += "; " + grouped(rejects.kept) + " are kept";
  if (total > shown) out += ")";
  out += ":\n";
  for (const store::RejectRow& reject : rejects.rows) {
    out += "  " + printable(reject.filename) + ":" + std::to_string(reject.line);
    if (!reject.column.empty()) out += ", column \"" + printable(reject.column) + "\"";
    out += ": " + printable(reject.message) + "\n";
    if (!reject.raw.empty()) out += "      " + shortened(printable(reject.raw), kRawWidth) + "\n";
  }
  if (rejects.kept > shown) out += "  all that are kept: cpi jobs " + job + " --rejects FILE\n";
}

}  // namespace

std::string jobs_table(const json& jobs) {
  using enum Align;
  Table table(
      {"job", "project", "status", "created", "files", "failed", "inserted", "updated", "skipped", "rejected", "time"},
      {kLeft, kLeft, kLeft, kLeft, kRight, kRight, kRight, kRight, kRight, kRight, kRight});
  for (const json& job : jobs) {
    table.add({text(job, "id"), text(job, "project_name"), text(job, "status") + (dry_run(job) ? " (dry run)" : ""),
               short_time(text(job, "created_at")), count(job, "files_processed"), count(job, "files_failed"),
               count(job, "total_inserted"), count(job, "total_updated"), count(job, "total_skipped"),
               count(job, "total_rejected"), seconds(job)});
  }
  return table.empty() ? "no jobs\n" : table.text();
}

std::string job_report(const json& job, const store::FirstRejects& rejects) {
  std::string out =
      "job " + text(job, "id") + " of project " + printable(text(job, "project_name")) + ": " + text(job, "status");
  const std::string time = seconds(job);
  if (!time.empty()) out += " in " + time;
  if (dry_run(job)) out += " (dry run: nothing was written)";
  out += "\n";
  if (job.contains("file_results") && !job["file_results"].empty()) append_files(out, job["file_results"]);
  out += "\n" + count(job, "total_inserted") + " inserted, " + count(job, "total_updated") + " updated, " +
         count(job, "total_skipped") + " skipped, " + count(job, "total_duplicates") + " duplicates, " +
         count(job, "total_rejected") + " rejected in " + count(job, "files_processed") + " files";
  if (number(job, "files_failed") > 0) out += "; " + count(job, "files_failed") + " failed";
  out += "\n";
  if (!text(job, "note").empty()) out += "note: " + indented(text(job, "note")) + "\n";

  bool told = false;
  if (job.contains("errors") && job["errors"].is_array()) {
    for (const json& error : job["errors"]) {
      out += (told ? "" : "\nerrors:\n") + std::string("  ") + text(error, "error_type") + ": " +
             indented(text(error, "message")) + "\n";
      told = true;
    }
  }
  if (!told && !text(job, "last_error").empty()) out += "last error: " + indented(text(job, "last_error")) + "\n";
  append_rejects(out, rejects, number(job, "total_rejected"), text(job, "id"));
  return out;
}

std::string progress_line(const json& job) {
  const std::string status = text(job, "status");
  const auto progress = job.find("progress");
  if (status != "running" || progress == job.end() || !progress->is_object()) return status;
  constexpr std::size_t kBar = 24;
  std::string out;
  const std::int64_t total = number(*progress, "bytes_total");
  if (total > 0) {
    const double part =
        std::clamp(static_cast<double>(number(*progress, "bytes_read")) / static_cast<double>(total), 0.0, 1.0);
    const auto filled = static_cast<std::size_t>(part * kBar);
    char percent[16];
    std::snprintf(percent, sizeof percent, "] %3d%%  ", static_cast<int>(part * 100));
    out = "[" + std::string(filled, '#') + std::string(kBar - filled, '.') + percent;
  }
  out += "file " + std::to_string(std::min(number(*progress, "files_done") + 1, number(*progress, "files_total"))) +
         " of " + count(*progress, "files_total");
  const std::string file = text(*progress, "file");
  if (!file.empty()) out += "  " + shortened(printable(file), 40) + "  " + text(*progress, "phase");
  const std::int64_t rows = number(*progress, "rows_read");
  if (rows > 0) out += "  " + grouped(rows) + " rows";
  return out;
}

int exit_code_of(const json& job) {
  const std::string status = text(job, "status");
  if (status == "completed") return 0;
  return status == "partial" ? kExitPartial : kExitFailed;
}

}  // namespace cpi::cli
