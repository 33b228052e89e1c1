// The reader's words: one function per kind of reject and failure, each saying what is wrong, where, and how to mend
// it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/csv/dialect.h"
#include "core/csv/row.h"
#include "core/error.h"

namespace cpi::csv {

/// Where a row stands and what it looks like; the text is copied into the reject, cut at 64 kB.
struct Place {
  std::int64_t line = 0;
  std::int64_t offset = 0;
  std::string_view raw;
};

/// `trailing`: the table's rows end in a delimiter, which makes no column.
Reject wrong_field_count(const Place& place, std::size_t fields, std::size_t columns, bool trailing,
                         const Dialect& dialect);
/// The row has a value behind the trailing delimiter with which the table's rows end.
Reject value_after_trailing_delimiter(const Place& place, std::size_t columns);
/// `at` is the offset of the quote within `place.raw`; `after_closing`: text follows a closing quote.
Reject stray_quote(const Place& place, std::size_t at, bool after_closing, std::string column, const Dialect& dialect);
Reject unclosed_quote(const Place& place, std::string column, const Dialect& dialect);
/// `at` is the byte's offset in the file.
Reject nul_byte(const Place& place, std::int64_t at, std::string column);
/// Likewise; `byte` is absent where the file was transcoded.
Reject invalid_encoding(const Place& place, std::int64_t at, std::optional<char> byte, std::string column);

Reject overlong_field(const Place& place, std::string column, const Limits& limits);
Reject overlong_row(const Place& place, const Limits& limits);

Error field_too_long(std::int64_t line, std::size_t field, const Limits& limits);
Error row_too_long(std::int64_t line, const Limits& limits);
/// `several_lines`: only its quotes make it so long.
Error header_too_long(std::int64_t line, const Limits& limits, bool several_lines);
Error too_many_columns(std::int64_t line, std::size_t columns, const Limits& limits);
Error no_header(std::string_view why);
/// `skiprows` says to skip more lines than the file has.
Error all_skipped(std::int64_t skip_rows);
Error bad_header(std::int64_t line, const Reject& reject);
Error columns_do_not_match(std::int64_t line, std::size_t named, std::size_t found);
Error unusable_dialect(std::string_view why);

/// A text made fit for a message: at most about 60 characters, control characters and invalid bytes made visible.
std::string excerpt(std::string_view text);

}  // namespace cpi::csv
