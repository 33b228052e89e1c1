#include "cli/rejects_file.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "core/csv/rejects_csv.h"
#include "import/result_json.h"

namespace cpi::cli {

std::string rejects_csv(const csv::Dialect& dialect, std::vector<std::string> header,
                        const std::vector<csv::Reject>& rejects, std::size_t reasons) {
  header.erase(header.begin(), header.begin() + static_cast<std::ptrdiff_t>(reasons));
  std::string out = csv::rejects_header(dialect, header);
  for (const csv::Reject& reject : rejects) {
    if (!import::is_whole(reject)) continue;
    out += csv::rejects_row(dialect, "", reject.line, reject.column, reject.message,
                            csv::without_first_fields(dialect, reject.raw, reasons));
  }
  return out;
}

Result<void> write_rejects(const std::string& path, const std::string& csv, const text::FileEncoding& encoding) {
  const Result<std::string> bytes = text::encode(csv, encoding);
  if (!bytes.ok()) return bytes.error();
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << *bytes;
  out.close();
  if (out) return {};
  return Error{Code::kFileUnreadable, "rejects file \"" + path + "\" cannot be written: " + std::strerror(errno), "",
               ""};
}

std::string stale_rejects(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored) ? "no row was rejected: " + path + " is from an earlier import\n" : "";
}

std::string rejects_path(const std::string& path, const std::string& name, bool several, std::set<std::string>& taken) {
  if (!several) return path;
  const std::filesystem::path asked(path);
  const std::string stem = asked.stem().string() + "." + std::filesystem::path(name).stem().string();
  for (int number = 1;; ++number) {
    std::filesystem::path named(asked);
    named.replace_filename(stem + (number > 1 ? "_" + std::to_string(number) : "") + asked.extension().string());
    if (taken.insert(named.string()).second) return named.string();
  }
}

}  // namespace cpi::cli
