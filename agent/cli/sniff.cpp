// `cpi sniff`: how a file is written, with a config snippet to paste. Reads the beginning, middle and end of a file, or
// what comes through a pipe, up to a bound; changes nothing and needs no server.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <memory>

#include "cli/command.h"
#include "cli/file_report.h"
#include "cli/table.h"
#include "core/csv/sniffer/pieces.h"
#include "core/preview/preview.h"
#include "net/descriptor.h"

namespace cpi::cli {

namespace {

using Json = preview::Json;

/// What is known of the file's bytes.
struct Bytes {
  csv::Pieces pieces;
  std::string beginning;  ///< up to preview::kMostBytes
  bool complete = false;  ///< `beginning` is everything
};

Error unreadable(const std::string& name, int error) {
  const Code code = error == ENOENT ? Code::kFileNotFound : Code::kFileUnreadable;
  return {code, "\"" + name + "\" cannot be read: " + std::strerror(error), "", ""};
}

/// Reads up to `size` bytes; from the present place of a pipe when `offset` is negative.
Result<std::string> read_some(const std::string& name, int descriptor, std::int64_t offset, std::size_t size) {
  std::string out(size, '\0');
  std::size_t got = 0;
  while (got < size) {
    const ssize_t n = offset < 0 ? ::read(descriptor, out.data() + got, size - got)
                                 : ::pread(descriptor, out.data() + got, size - got, offset + static_cast<off_t>(got));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return unreadable(name, errno);
    if (n == 0) break;
    got += static_cast<std::size_t>(n);
  }
  out.resize(got);
  return out;
}

Result<Bytes> read_bytes(const std::string& name) {
  const net::Descriptor file(name == "-" ? ::dup(STDIN_FILENO) : ::open(name.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) return unreadable(name, errno);
  struct stat facts = {};
  if (::fstat(file.get(), &facts) != 0) return unreadable(name, errno);
  if (S_ISDIR(facts.st_mode))
    return Error{Code::kFileUnreadable, "\"" + name + "\" is a directory", "", "Name a file."};
  const bool regular = S_ISREG(facts.st_mode) && name != "-";
  Bytes bytes;
  Result<std::string> beginning = read_some(name, file.get(), regular ? 0 : -1, preview::kMostBytes);
  if (!beginning.ok()) return beginning.error();
  bytes.beginning = std::move(*beginning);
  bytes.complete =
      regular ? facts.st_size <= static_cast<off_t>(preview::kMostBytes) : bytes.beginning.size() < preview::kMostBytes;
  if (!regular) {
    bytes.pieces = csv::pieces_of(bytes.beginning, true);
    return bytes;
  }
  Result<csv::Pieces> pieces = csv::pieces_of(facts.st_size, true, [&](std::int64_t offset, std::size_t size) {
    return read_some(name, file.get(), offset, size);
  });
  if (!pieces.ok()) return pieces.error();
  bytes.pieces = std::move(*pieces);
  return bytes;
}

std::string quoted(const Json& value) { return printable(value.dump(-1, ' ', false, Json::error_handler_t::replace)); }

/// What a choice means in words, where its value alone does not say it.
std::string meaning(const std::string& key, const Json& value) {
  if (key == "delimiter" && value == "\t") return " (tab)";
  if (key == "quote" && value == "") return " (none)";
  if (key == "escape" && value == "") return " (the quote is doubled)";
  if (key == "header" && value == false) return " (none)";
  if (key == "header" && value.is_number()) return " (rows)";
  if (key == "skiprows" && value != 0) return " (lines before the header)";
  return "";
}

std::string choices(const Json& dialect) {
  using enum Align;
  Table table({"option", "found", "certainty", "or else"}, {kLeft, kLeft, kRight, kLeft});
  for (const auto& [key, choice] : dialect["detected"].items()) {
    const Json& value = dialect[key];
    table.add({key, quoted(value) + meaning(key, value),
               fmt::format("{} %", std::lround(choice["certainty"].get<double>() * 100)),
               choice["runner_up"].is_null() ? "" : quoted(choice["runner_up"])});
  }
  std::string out = table.text();
  if (dialect["comment"] != "") out += "Lines that start with " + quoted(dialect["comment"]) + " look like comments.\n";
  if (dialect["stop_at"] == "\n") out += "The table seems to end at an empty line.\n";
  if (dialect["stop_at"] != "" && dialect["stop_at"] != "\n")
    out += "The table seems to end at the line that starts with " + quoted(dialect["stop_at"]) + ".\n";
  if (dialect["trim"] == true) out += "Blanks stand around quoted fields.\n";
  if (dialect["trailing_delimiter"] == true) out += "Each row ends in a delimiter, which makes no column.\n";
  return out;
}

std::string columns(const Json& report) {
  using enum Align;
  Table table({"column", "type"}, {kLeft, kLeft});
  for (const Json& column : report["columns"]) {
    table.add({printable(column["name"].get<std::string>()), column["type"].get<std::string>()});
  }
  return table.text();
}

std::string people_text(const std::string& name, const Json& report, const csv::Sniffed& found, bool yaml) {
  std::string out = printable(name) + ": " + std::to_string(found.rows_fitting) + " of the " +
                    std::to_string(found.rows_seen) + " rows looked at fit a table of " +
                    std::to_string(report["columns"].size()) + " columns\n\n" + choices(report["dialect"]) + "\n" +
                    columns(report);
  const auto read = report["rows_read"].get<std::int64_t>();
  const auto rejected = report["rejected"].get<std::int64_t>();
  out += "(types from " + grouped(read - rejected) + (read - rejected == 1 ? " row" : " rows") +
         (report["complete"] == true ? "" : " at the beginning");
  if (rejected > 0) out += "; " + grouped(rejected) + " rows would be rejected";
  out += ")\n\n";
  for (const std::string& warning : found.warnings) out += "Beware: " + printable(warning) + "\n";
  if (!found.warnings.empty()) out += "\n";
  const std::string snippet = csv::config_snippet(found);
  if (snippet.empty()) return out + "No option is needed: all are the defaults.\n";
  if (yaml) return out + "For the project's config, in YAML:\n\n" + snippet;
  return out + "For a project's config, or cpi import --config:\n\n" +
         Json({{"defaults", report["config"]}}).dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

int fail(const std::string& name, Error error) {
  if (name != "-" && error.message.find(name) == std::string::npos)
    error.message = "\"" + name + "\": " + error.message;
  std::fprintf(stderr, "cpi: %s", error_text(error).c_str());
  return error.code == Code::kFileNotFound ? kExitUsage : kExitFailed;
}

int run(const std::string& name, bool json, bool yaml) {
  Result<Bytes> bytes = read_bytes(name);
  if (!bytes.ok()) return fail(name, bytes.error());
  if (bytes->beginning.empty()) {
    return fail(name, {Code::kInvalidHeader, "the file is empty: there is nothing to find out", "", ""});
  }
  Result<csv::Sniffed> found = csv::sniff(bytes->pieces);
  if (!found.ok()) return fail(name, found.error());
  const std::optional<Error> unclear = csv::doubt(*found, {});
  Result<Json> report = preview::describe(*found, bytes->beginning, bytes->complete, [] { return false; });
  if (!report.ok()) return fail(name, report.error());
  if (json) {
    if (unclear) (*report)["doubt"] = unclear->message + ". " + unclear->hint;
    std::printf("%s\n", report->dump(2, ' ', false, Json::error_handler_t::replace).c_str());
  } else {
    std::fputs(people_text(name == "-" ? "standard input" : name, *report, *found, yaml).c_str(), stdout);
  }
  if (!unclear) return 0;
  std::fprintf(stderr, "cpi: %s", error_text(*unclear).c_str());
  return kExitFailed;
}

}  // namespace

void add_sniff(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("sniff", "Find out how a CSV file is written, with a config to paste");
  const auto name = std::make_shared<std::string>();
  const auto json = std::make_shared<bool>(false);
  const auto yaml = std::make_shared<bool>(false);
  command->add_option("file", *name, "The file; - is standard input")->required()->type_name("FILE");
  CLI::Option* as_json = command->add_flag("--json", *json, "Print the findings as JSON");
  command->add_flag("--yaml", *yaml, "Print the config snippet as YAML, as cpi apply takes it")->excludes(as_json);
  command->footer(
      "cpi sniff orders.csv                 delimiter, quote, encoding, header, columns and types\n"
      "zcat orders.csv.gz | cpi sniff -     the same of what comes through a pipe\n"
      "\nExit codes: 0 found, 1 no convincing reading, or no text at all, 2 no such file");
  command->callback([=, &exit_code] { exit_code = run(*name, *json, *yaml); });
}

}  // namespace cpi::cli
