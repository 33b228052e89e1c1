#include "cli/rejects_file.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "core/csv/rejects_csv.h"
#include "import/result_json.h"

namespace cpi::cli {

std::string rejects_csv(const csv::Dialect& dialect, const std::vector<std::string>& header,
                        const std::vector<csv::Reject>& rejects) {
  std::string out = csv::rejects_header(dialect, header);
  for (const csv::Reject& reject : rejects) {
    if (!import::is_whole(reject)) continue;
    out += csv::rejects_row(dialect, "", reject.line, reject.column, reject.message, reject.raw);
  }
  return out;
}

Result<void> write_rejects(const std::string& path, const std::string& csv) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << csv;
  out.close();
  if (out) return {};
  return Error{Code::kFileUnreadable, "rejects file \"" + path + "\" cannot be written: " + std::strerror(errno), "",
               ""};
}

std::string rejects_path(const std::string& path, const std::string& name, bool several) {
  if (!several) return path;
  std::filesystem::path named(path);
  const std::string extension = named.extension().string();
  named.replace_filename(named.stem().string() + "." + std::filesystem::path(name).stem().string() + extension);
  return named.string();
}

}  // namespace cpi::cli
