// Names of tables and columns, from file names and headers: legal in PostgreSQL, unique, and the same every time.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cpi::text {

/// Longest identifier in bytes (NAMEDATALEN - 1 in src/include/pg_config_manual.h).
inline constexpr std::size_t kMaxIdentifierBytes = 63;

/// Cuts at a character boundary to at most kMaxIdentifierBytes.
std::string truncate_identifier(std::string_view name);

/// "Order Date" → "order_date": lower case, every run of other characters one underscore, none at the ends; a leading
/// digit gets an underscore before it. Non-ASCII letters are kept.
std::string snake_case(std::string_view name);

/// Column names for a header: without characters that nobody sees (zero-width spaces, byte order marks) and the blanks
/// at their ends of any kind, line breaks and other control characters become blanks; blank names become "column3" by
/// position, over-long ones are cut, repeated ones get "_2", "_3", …; deterministic. With `snake` each name goes
/// through snake_case first.
std::vector<std::string> column_names(const std::vector<std::string>& header, bool snake);

/// The candidate nearest to `name` by edit distance (ignoring case), or empty when none is close: for "did you mean".
std::string nearest(std::string_view name, const std::vector<std::string>& candidates);

/// `name` in double quotes, for messages and for the statements that hints show.
std::string quoted_name(std::string_view name);

/// "a", "b", "c" and so on, for messages; after `most` names it says how many more there are.
std::string quoted_list(const std::vector<std::string>& names, std::size_t most = 40);

/// Whether shell glob `pattern` (`*`, `?`, `[a-z]`) matches `path`: with a `/` in the pattern the whole relative path
/// (`**` crosses directories), otherwise the file name alone.
bool glob_match(std::string_view pattern, std::string_view path);

}  // namespace cpi::text
