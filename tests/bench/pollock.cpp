// Reads every file of the Pollock benchmark (damaged CSV files, https://github.com/HPI-Information-Systems/Pollock) as
// an import would, and writes what was read as plain CSV for the benchmark's own scoring (pollock.py).
//
//   pollock FOLDER OUT given|obeyed|detect     FOLDER holds csv/ and parameters/; OUT gets one file for each
//
// `given`: by the dialect of parameters/, its column names included. `obeyed`: likewise, and where rows are rejected
// once more with what the messages name: ragged, and the stop_at that the sniffer proposes. `detect`: by the sniffer
// alone. Rows that are rejected are missing in OUT and counted on standard output.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "core/csv/reader.h"
#include "core/csv/sniffer/pieces.h"

namespace {

using namespace cpi;
namespace fs = std::filesystem;

std::string contents(const fs::path& path) {
  std::ostringstream out;
  out << std::ifstream(path, std::ios::binary).rdbuf();
  return out.str();
}

csv::Dialect given_dialect(const fs::path& file) {
  const auto parameters = nlohmann::json::parse(contents(file));
  const auto text = [&](const char* key, const char* otherwise) {
    const std::string value = parameters[key];
    return value.empty() ? std::string(otherwise) : value;
  };
  csv::Dialect dialect;
  dialect.delimiter = text("delimiter", ",");
  dialect.quote = text("quotechar", "\"");
  const std::string escape = parameters["escapechar"];
  if (escape == "\\") dialect.escape = escape;
  dialect.skip_rows = parameters["preamble_lines"];
  dialect.header_rows = parameters["header_lines"];
  for (const std::string name : parameters["column_names"]) dialect.columns.push_back(name);
  // The names are given, so that a damaged header need not be read.
  if (!dialect.columns.empty()) {
    dialect.skip_rows += dialect.header_rows;
    dialect.header_rows = 0;
  }
  return dialect;
}

Result<csv::Dialect> found_dialect(const std::string& text) {
  const auto found = csv::sniff(csv::pieces_of(text, true));
  if (!found.ok()) return found.error();
  if (const auto unclear = csv::doubt(*found, {})) return *unclear;
  return found->dialect;
}

void write_row(std::ostream& out, const std::vector<std::string_view>& fields) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    out << (i > 0 ? "," : "") << '"';
    for (const char byte : fields[i]) out << (byte == '"' ? "\"\"" : std::string(1, byte));
    out << '"';
  }
  out << "\r\n";
}

/// The rejected rows, or why the file could not be read.
Result<std::vector<csv::Reject>> convert(const std::string& text, const csv::Dialect& dialect, std::ostream& out) {
  csv::Reader reader(dialect);
  std::copy(text.begin(), text.end(), reader.space(text.size() + 1).data());
  reader.commit(text.size());
  reader.finish();
  csv::Batch batch;
  std::vector<csv::Reject> rejected;
  const bool named = dialect.header_rows > 0 || !dialect.columns.empty();
  bool told = !named;
  for (;;) {
    const auto event = reader.next(batch);
    if (!event.ok()) return event.error();
    if (!told) {
      write_row(out, {reader.header().begin(), reader.header().end()});
      told = true;
    }
    if (*event != csv::Reader::Event::kBatch) return rejected;
    std::move(batch.rejects.begin(), batch.rejects.end(), std::back_inserter(rejected));
    for (std::size_t i = 0; i < batch.size(); ++i) {
      std::vector<std::string_view> fields;
      for (const csv::Field& field : batch.row(i).fields) fields.push_back(field.text());
      write_row(out, fields);
    }
  }
}

/// What a person would set who has read why rows were rejected.
csv::Dialect obey(const std::string& text, csv::Dialect dialect, const std::vector<csv::Reject>& rejects) {
  const auto all = [&](csv::Reason reason) {
    return std::all_of(rejects.begin(), rejects.end(), [&](const csv::Reject& one) { return one.reason == reason; });
  };
  const auto found = found_dialect(text);
  if (found.ok()) dialect.stop_at = found->stop_at;
  if (rejects.empty()) return dialect;
  if (all(csv::Reason::kTooFewFields)) dialect.ragged = csv::Ragged::kPad;
  if (all(csv::Reason::kTooManyFields)) dialect.ragged = csv::Ragged::kCut;
  return dialect;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: pollock FOLDER OUT given|obeyed|detect\n";
    return 2;
  }
  const fs::path folder = argv[1];
  const fs::path out = argv[2];
  const std::string mode = argv[3];
  fs::create_directories(out);
  std::int64_t files = 0;
  std::int64_t failed = 0;
  std::int64_t rejected = 0;
  for (const auto& entry : fs::directory_iterator(folder / "csv")) {
    const std::string name = entry.path().filename().string();
    const std::string text = contents(entry.path());
    std::ostringstream rows;
    Result<std::vector<csv::Reject>> done = std::vector<csv::Reject>();
    if (!text.empty()) {
      const Result<csv::Dialect> dialect =
          mode == "detect" ? found_dialect(text)
                           : Result<csv::Dialect>(given_dialect(folder / "parameters" / (name + "_parameters.json")));
      done = dialect.ok() ? convert(text, *dialect, rows) : Result<std::vector<csv::Reject>>(dialect.error());
      if (mode == "obeyed" && done.ok()) {
        rows.str("");
        done = convert(text, obey(text, *dialect, *done), rows);
      }
    }
    std::ofstream converted(out / (name + "_converted.csv"), std::ios::binary);
    ++files;
    if (done.ok()) {
      rejected += static_cast<std::int64_t>(done->size());
      converted << rows.str();
    } else {
      ++failed;
      converted << "Application Error\n" << done.error().message << "\n";
      std::cout << name << ": " << done.error().message << "\n";
    }
  }
  std::cout << files << " files, " << failed << " not read, " << rejected << " rows rejected\n";
  return 0;
}
