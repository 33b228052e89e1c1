// Which options a file gets, and which table.
#include <unicode/locid.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <array>

#include "core/config/model.h"
#include "core/text/identifier.h"

namespace cpi::config {
namespace {

/// "in/Orders.CSV.gz" → "Orders": the directories, one extension, and before it that of a compression go.
std::string_view stem_of(std::string_view path) {
  constexpr std::array<std::string_view, 6> kPacked = {".gz", ".zip", ".zst", ".xz", ".bz2", ".lz4"};
  std::string_view name = path.substr(path.rfind('/') + 1);
  const auto cut = [&name] {
    const std::size_t dot = name.rfind('.');
    if (dot != std::string_view::npos && dot > 0) name = name.substr(0, dot);
  };
  const bool packed = std::any_of(kPacked.begin(), kPacked.end(), [&](auto ending) { return name.ends_with(ending); });
  if (packed) cut();
  cut();
  return name;
}

/// Cuts off `part` at the beginning or end, ignoring case; never all of the name.
void strip(icu::UnicodeString& name, const std::string& part, bool at_end) {
  const icu::UnicodeString wanted = icu::UnicodeString::fromUTF8(part);
  if (wanted.isEmpty() || wanted.length() >= name.length()) return;
  const std::int32_t start = at_end ? name.length() - wanted.length() : 0;
  if (name.caseCompare(start, wanted.length(), wanted, U_FOLD_CASE_DEFAULT) != 0) return;
  name.remove(start, wanted.length());
}

}  // namespace

std::optional<TableOptions> options_for(const ProjectConfig& config, std::string_view path) {
  if (!config.exclude_pattern.empty() && text::glob_match(config.exclude_pattern, path)) return std::nullopt;
  for (const TableRule& rule : config.tables) {
    if (text::glob_match(rule.file_pattern, path)) return rule.options;
  }
  if (text::glob_match(config.file_pattern, path)) return config.defaults;
  return std::nullopt;
}

std::string table_name_for(const TableNaming& naming, const TableOptions& options, std::string_view path) {
  if (!options.target_table.empty()) return options.target_table;
  const std::string_view stem = stem_of(path);
  icu::UnicodeString name = icu::UnicodeString::fromUTF8({stem.data(), static_cast<std::int32_t>(stem.size())});
  strip(name, naming.strip_prefix, false);
  strip(name, naming.strip_suffix, true);
  if (naming.lowercase) name.toLower(icu::Locale::getRoot());
  std::string utf8;
  name.toUTF8String(utf8);
  return utf8;
}

}  // namespace cpi::config
