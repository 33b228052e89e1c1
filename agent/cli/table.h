// A table of text for a terminal: columns as wide as they must be, numbers to the right. Nothing but layout.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cpi::cli {

enum class Align { kLeft, kRight };

/// Collects rows and lays them out with two blanks between columns, without blanks at line ends.
class Table {
 public:
  Table(std::vector<std::string> header, std::vector<Align> alignment);
  void add(std::vector<std::string> row);
  bool empty() const { return rows_.size() == 1; }
  /// The whole table, each line ended by a newline.
  std::string text() const;

 private:
  std::vector<Align> alignment_;
  std::vector<std::vector<std::string>> rows_;  ///< the header first
};

/// 1234567 → "1,234,567".
std::string grouped(std::int64_t number);

/// How many columns a terminal gives `text` (UTF-8), counting every code point as one.
std::size_t display_width(std::string_view text);

/// Control characters out of `text`: what comes from files and databases must not steer the terminal.
std::string printable(std::string_view text);

/// `text` cut to `width` columns, with "…" where something is missing.
std::string shortened(std::string_view text, std::size_t width);

}  // namespace cpi::cli
