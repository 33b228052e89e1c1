// The table of results in tests/data/corpora.md: what the reader makes of every case of the public collections, and why
// where it differs from what the collection expects. Each run compares its results with the table, line by line;
// CPI_WRITE_RESULTS=1 writes them there instead.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "unit/core/csv/corpus.h"

namespace cpi::csv {

/// The lines of one collection, in the order of their cases.
class ResultsTable {
 public:
  explicit ResultsTable(std::string collection) : collection_(std::move(collection)) {}

  /// `result` in a word or two; `why` is empty where nothing differs.
  void add(const std::string& name, const std::string& result, const std::string& why = "") {
    lines_.push_back("| " + cell(name) + " | " + cell(result) + " | " + cell(why) + " |\n");
  }

  /// Fails where the committed table says something else.
  void compare() {
    std::sort(lines_.begin(), lines_.end());
    std::string section = "## " + collection_ + "\n\n| Case | Result | Why it differs |\n|---|---|---|\n";
    for (const std::string& line : lines_) section += line;
    const std::string path = CPI_SOURCE_DIR "/tests/data/corpora.md";
    const std::string all = contents(path);
    const std::size_t begin = all.find("## " + collection_ + "\n");
    const std::size_t end = begin == std::string::npos ? begin : std::min(all.find("\n## ", begin), all.size());
    const std::string committed = begin == std::string::npos ? "" : all.substr(begin, end - begin);
    if (std::getenv("CPI_WRITE_RESULTS") != nullptr) {
      std::ofstream(path, std::ios::binary)
          << (begin == std::string::npos ? all + "\n" + section : all.substr(0, begin) + section + all.substr(end));
      return;
    }
    EXPECT_EQ(section, committed) << "tests/data/corpora.md says something else: if the new results are right, "
                                     "CPI_WRITE_RESULTS=1 writes them";
  }

 private:
  static std::string cell(std::string text) {
    for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2) text.insert(at, "\\");
    std::replace(text.begin(), text.end(), '\n', ' ');
    return text;
  }

  std::string collection_;
  std::vector<std::string> lines_;
};

}  // namespace cpi::csv
