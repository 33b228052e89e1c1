#include "cli/rejects_file.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace cpi::cli {

namespace {

/// A field as the dialect writes it: always quoted, so that no content needs looking at.
std::string field(const csv::Dialect& dialect, const std::string& text) {
  // A dialect without quotes cannot hold a delimiter or a line end in a field: they become blanks.
  std::string out = dialect.quote;
  for (const char c : text) {
    const std::string_view one(&c, 1);
    if (!dialect.quote.empty() && one == dialect.quote) {
      out += dialect.escape.empty() ? dialect.quote : dialect.escape;
    } else if (!dialect.escape.empty() && one == dialect.escape) {
      out += dialect.escape;
    }
    const bool breaks =
        c == '\n' || c == '\r' || (dialect.quote.empty() && dialect.delimiter.find(c) != std::string::npos);
    out += breaks ? ' ' : c;
  }
  return out + dialect.quote;
}

}  // namespace

std::string rejects_csv(const csv::Dialect& dialect, const std::vector<std::string>& header,
                        const std::vector<csv::Reject>& rejects) {
  const std::string& delimiter = dialect.delimiter;
  std::string out = "cpi_line" + delimiter + "cpi_column" + delimiter + "cpi_reason" + delimiter + "cpi_message";
  for (const std::string& name : header) out += delimiter + field(dialect, name);
  out += "\n";
  for (const csv::Reject& reject : rejects) {
    out += std::to_string(reject.line) + delimiter + field(dialect, reject.column) + delimiter +
           std::string(csv::reason_name(reject.reason)) + delimiter + field(dialect, reject.message) + delimiter +
           reject.raw + "\n";
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

std::string rejects_path(const std::string& path, const std::string& table, bool several) {
  if (!several) return path;
  std::filesystem::path named(path);
  const std::string extension = named.extension().string();
  named.replace_filename(named.stem().string() + "." + table + extension);
  return named.string();
}

}  // namespace cpi::cli
