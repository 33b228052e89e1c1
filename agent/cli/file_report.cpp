#include "cli/file_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/command.h"
#include "cli/dialect_line.h"
#include "cli/table.h"
#include "import/result_json.h"

namespace cpi::cli {

namespace {

constexpr std::size_t kMostRejectsShown = 10;

/// Columns that a text takes up on a terminal: UTF-8 continuation bytes take none.
std::size_t columns_of(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

/// What was written to `rejects_file`, and what is done with it. Where nothing was loaded, whoever imported the mended
/// rows alone would have only them.
std::string where(const import::LoadResult& result, const std::string& rejects_file, bool dry_run) {
  const auto whole = std::count_if(result.rejects.begin(), result.rejects.end(), import::is_whole);
  const std::string written =
      rejects_written(whole, static_cast<std::int64_t>(result.rejects.size()), result.counts.rejected, rejects_file);
  if (whole == 0) return written;
  if (!result.success) return written + "; nothing was loaded: mend them in the file itself and import it again";
  if (dry_run) return written + "; nothing was loaded, as this was a dry run: import the file itself";
  return written + ": mend them there and import that file into " + result.table_name + " (--table)";
}

std::vector<std::string> cells(const std::string& name, const std::string& table, const target::Counts& counts,
                               double seconds) {
  const double rate = seconds > 0 ? static_cast<double>(counts.read) / seconds : 0;
  return {name,
          table,
          std::to_string(counts.read),
          std::to_string(counts.inserted),
          std::to_string(counts.updated),
          std::to_string(counts.skipped),
          std::to_string(counts.duplicates),
          std::to_string(counts.rejected),
          fmt::format("{:.2f}", seconds),
          fmt::format("{:.0f}", rate)};
}

}  // namespace

std::string summary_table(const std::vector<import::LoadResult>& results) {
  constexpr std::size_t kLeftAligned = 2;
  std::vector<std::vector<std::string>> lines{
      {"file", "table", "read", "inserted", "updated", "skipped", "duplicates", "rejected", "seconds", "rows/s"}};
  target::Counts total;
  double seconds = 0;
  for (const import::LoadResult& result : results) {
    const target::Counts& counts = result.counts;
    lines.push_back(cells(printable(result.filename), printable(result.table_name), counts, result.duration_seconds));
    if (!result.success) lines.back().push_back("FAILED");
    total.read += counts.read;
    total.inserted += counts.inserted;
    total.updated += counts.updated;
    total.skipped += counts.skipped;
    total.duplicates += counts.duplicates;
    total.rejected += counts.rejected;
    seconds += result.duration_seconds;
  }
  if (results.size() > 1) lines.push_back(cells("total", "", total, seconds));

  std::vector<std::size_t> widths(lines.front().size());
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < widths.size(); ++i) widths[i] = std::max(widths[i], columns_of(line[i]));
  }
  std::string out;
  for (const auto& line : lines) {
    std::string text;
    for (std::size_t i = 0; i < line.size(); ++i) {
      const std::string space(i < widths.size() ? widths[i] - columns_of(line[i]) : 0, ' ');
      text += (i > 0 ? "  " : "") + (i < kLeftAligned ? line[i] + space : space + line[i]);
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + "\n";
  }
  return out;
}

std::string rejects_written(std::int64_t whole, std::int64_t kept, std::int64_t total, const std::string& file) {
  if (whole == 0) {
    return fmt::format("none of the {} rejected rows was kept whole: mend them in the file itself", grouped(total));
  }
  if (whole == total) return "the rejected rows are in " + file;
  std::string why;
  if (kept < total) why = fmt::format("only the first {} are kept", grouped(kept));
  if (whole < kept) why += fmt::format("{}{} are not whole", why.empty() ? "" : ", ", grouped(kept - whole));
  return fmt::format("{} of {} rejected rows are in {} ({})", grouped(whole), grouped(total), file, why);
}

std::string widened_line(const std::string& table, const std::string& column, const std::string& from,
                         const std::string& to) {
  return fmt::format("column \"{}\" of {} was widened from {} to {}", printable(column), printable(table), from, to);
}

std::string error_text(const Error& error) {
  std::string out = error.message + "\n";
  if (!error.detail.empty()) out += "  DETAIL:  " + error.detail + "\n";
  if (!error.hint.empty()) out += "  HINT:  " + error.hint + "\n";
  return out;
}

std::string remarks(const import::LoadResult& result, const std::string& rejects_file, bool dry_run) {
  const std::string name = printable(result.filename);
  std::string out;
  if (const std::string line = dialect_line(result.detected); !line.empty()) out += name + ": " + line + "\n";
  for (const import::Widened& one : result.widened) {
    if (!result.success || result.already_applied) break;
    out += name + ": " + widened_line(result.table_name, one.column, one.from, one.to) + "\n";
  }
  for (const std::string& warning : result.warnings) out += name + ": warning: " + printable(warning) + "\n";
  if (result.error.has_value()) out += name + ": error: " + error_text(*result.error);

  const std::size_t shown = std::min(result.rejects.size(), kMostRejectsShown);
  for (std::size_t i = 0; i < shown; ++i) {
    const csv::Reject& reject = result.rejects[i];
    out += fmt::format(
        "{}:{}: rejected: {}{}\n", name, reject.line,
        reject.column.empty() ? "" : "column \"" + printable(reject.column) + "\": ", printable(reject.message));
  }
  const auto rest = result.counts.rejected - static_cast<std::int64_t>(shown);
  if (rest > 0) out += fmt::format("{}: {} more rejected rows are not shown\n", name, rest);
  if (!result.rejects.empty()) {
    out += name + ": " +
           (rejects_file.empty() ? "write the rejected rows to a file with --rejects FILE"
                                 : where(result, rejects_file, dry_run)) +
           "\n";
  }
  return out;
}

int exit_code_of(const std::vector<import::LoadResult>& results) {
  const auto failed = std::count_if(results.begin(), results.end(), [](const auto& one) { return !one.success; });
  const bool rejected =
      std::any_of(results.begin(), results.end(), [](const auto& one) { return one.counts.rejected > 0; });
  if (failed > 0 && failed == static_cast<std::ptrdiff_t>(results.size())) return kExitFailed;
  return failed > 0 || rejected ? kExitPartial : 0;
}

}  // namespace cpi::cli
