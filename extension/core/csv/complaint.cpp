#include "core/csv/complaint.h"

#include <algorithm>

#include "core/text/utf8.h"

namespace cpi::csv {
namespace {

constexpr std::size_t kExcerptBytes = 60;

std::string count(std::size_t number, std::string_view noun) {
  return std::to_string(number) + " " + std::string(noun) + (number == 1 ? "" : "s");
}

std::string hex(char byte) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const auto value = static_cast<unsigned char>(byte);
  return {'0', 'x', kDigits[value >> 4U], kDigits[value & 15U]};
}

Reject reject(const Place& place, Reason reason, std::string column, std::string message) {
  return {place.line, place.offset,       std::move(column),
          reason,     std::move(message), std::string(place.raw.substr(0, kMostRawBytes))};
}

/// What stands around `at`, so that a person can find it in a long row.
std::string around(std::string_view raw, std::size_t at) {
  const std::size_t begin = at > 20 ? at - 20 : 0;
  return (begin > 0 ? "…" : "") + excerpt(raw.substr(begin, 45)) + (begin + 45 < raw.size() ? "…" : "");
}

/// Whether nothing but blanks is what keeps the quote at `at` from its delimiter, so that `trim` would mend the row.
bool blanks_only(std::string_view raw, std::size_t at, bool after_closing, const Dialect& dialect) {
  const auto blank = [](char byte) { return byte == ' ' || byte == '\t'; };
  if (after_closing) {
    std::string_view behind = raw.substr(std::min(raw.size(), at + dialect.quote.size()));
    while (!behind.empty() && blank(behind.front())) behind.remove_prefix(1);
    return behind.empty() || behind.starts_with(dialect.delimiter) || behind[0] == '\n' || behind[0] == '\r';
  }
  std::string_view before = raw.substr(0, at);
  while (!before.empty() && blank(before.back())) before.remove_suffix(1);
  return before.size() < at && (before.empty() || before.ends_with(dialect.delimiter));
}

}  // namespace

std::string excerpt(std::string_view text) {
  const bool cut = text.size() > kExcerptBytes;
  text = text.substr(0, kExcerptBytes);
  // Never end within a character.
  while (cut && !text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0U) == 0x80U) text.remove_suffix(1);
  if (cut && !text.empty() && static_cast<unsigned char>(text.back()) >= 0xC0U) text.remove_suffix(1);
  std::string valid;
  text::append_replacing_invalid(text, valid);
  std::string shown;
  for (const char byte : valid) {
    switch (byte) {
      case '\n': shown += "\\n"; break;
      case '\r': shown += "\\r"; break;
      case '\t': shown += "\\t"; break;
      default:
        if (static_cast<unsigned char>(byte) < 0x20 || byte == 0x7F) {
          shown += "\\x" + hex(byte).substr(2);
        } else {
          shown += byte;
        }
    }
  }
  if (cut) shown += "…";
  return shown;
}

Reject wrong_field_count(const Place& place, std::size_t fields, std::size_t columns, bool trailing,
                         const Dialect& dialect) {
  const std::string pad = ", or set ragged to \"pad\" to fill up short rows";
  if (trailing && fields == columns) {
    return reject(
        place, Reason::kTooFewFields, "",
        "the delimiter that ends each row of this table of " + count(columns, "column") + " is missing: add it" + pad);
  }
  const std::string found = count(fields, "field") + " where the table has " + count(columns, "column");
  if (fields < columns) return reject(place, Reason::kTooFewFields, "", found + ": add the missing delimiter" + pad);
  const std::string protect = !dialect.quote.empty()    ? "quote the value that holds the delimiter"
                              : !dialect.escape.empty() ? "write " + dialect.escape + " before a delimiter that is text"
                                                        : "set escape to the character that the file writes before a "
                                                          "delimiter that is text";
  return reject(place, Reason::kTooManyFields, "",
                found + ": " + protect + ", or set ragged to \"cut\" to drop what is over");
}

Reject value_after_trailing_delimiter(const Place& place, std::size_t columns) {
  return reject(place, Reason::kTooManyFields, "",
                "a value after the delimiter that ends each row of this table of " + count(columns, "column") +
                    ": name that column in the header or in the option columns, or remove the value");
}

Reject stray_quote(const Place& place, std::size_t at, bool after_closing, std::string column, const Dialect& dialect) {
  std::string message = after_closing ? "text follows a closing quote near " : "a quote inside an unquoted field near ";
  message += around(place.raw, at);
  if (blanks_only(place.raw, at, after_closing, dialect)) {
    message += ": set trim to true, so that blanks around quoted fields are dropped";
    return reject(place, Reason::kStrayQuote, std::move(column), std::move(message));
  }
  const std::string& escape = dialect.escape.empty() ? dialect.quote : dialect.escape;
  message += ": a field that holds a quote must stand in quotes, with the quote written " + escape + dialect.quote +
             "; where quotes are ordinary text, set quote to \"\"";
  return reject(place, Reason::kStrayQuote, std::move(column), std::move(message));
}

Reject unclosed_quote(const Place& place, std::string column, const Dialect& dialect) {
  return reject(place, Reason::kUnclosedQuote, std::move(column),
                "a quoted field is never closed: add the closing " + dialect.quote +
                    ", or write a quote that is text twice, within quotes");
}

Reject nul_byte(const Place& place, std::int64_t at, std::string column) {
  return reject(place, Reason::kNulByte, std::move(column),
                "a NUL byte at byte offset " + std::to_string(at) +
                    ", which PostgreSQL cannot store: remove it, or set on_nul to \"strip\"");
}

Reject invalid_encoding(const Place& place, std::int64_t at, std::optional<char> byte, std::string column) {
  const std::string offset = "at byte offset " + std::to_string(at);
  return reject(place, Reason::kInvalidEncoding, std::move(column),
                byte ? "byte " + hex(*byte) + " " + offset +
                           " is no valid character: set encoding to the file's own (such as \"windows-1252\"), or "
                           "invalid_bytes to \"replace\""
                     : "what stands " + offset +
                           " is no character of the file's encoding: check the option encoding, or set invalid_bytes "
                           "to \"replace\"");
}

Reject overlong_field(const Place& place, std::string column, const Limits& limits) {
  return reject(place, Reason::kFieldTooLong, std::move(column),
                "a field has more than " + std::to_string(limits.field_bytes) +
                    " bytes: shorten it, or check the quotes around it; one may be missing");
}

Reject overlong_row(const Place& place, const Limits& limits) {
  return reject(place, Reason::kRowTooLong, "",
                "the row has more than " + std::to_string(limits.row_bytes) +
                    " bytes: check its quotes, and that the file has line breaks");
}

Error field_too_long(std::int64_t line, std::size_t field, const Limits& limits) {
  return {Code::kLimitExceeded,
          "field " + std::to_string(field + 1) + " of line " + std::to_string(line) + " has more than " +
              std::to_string(limits.field_bytes) + " bytes",
          "", "Check the delimiter and the quotes near that line; a quote may be missing."};
}

Error row_too_long(std::int64_t line, const Limits& limits) {
  return {Code::kLimitExceeded,
          "the row at line " + std::to_string(line) + " has more than " + std::to_string(limits.row_bytes) + " bytes",
          "", "Check that this is a text file with line breaks, and the quotes near that line."};
}

Error header_too_long(std::int64_t line, const Limits& limits, bool several_lines) {
  const std::string message =
      "the header at line " + std::to_string(line) + " has more than " + std::to_string(limits.header_bytes) + " bytes";
  if (several_lines) {
    return {Code::kLimitExceeded,
            message + ", over several lines: a quote in line " + std::to_string(line) + " may never be closed", "",
            "Mend the header's quotes, or skip it with skiprows and name the columns in the option columns."};
  }
  return {Code::kLimitExceeded, message, "",
          "Check that the file begins with its header, and the options skiprows, delimiter and quote."};
}

Error too_many_columns(std::int64_t line, std::size_t columns, const Limits& limits) {
  return {Code::kLimitExceeded,
          "line " + std::to_string(line) + " has " + std::to_string(columns) + " columns, more than the " +
              std::to_string(limits.columns) + " that a table can have",
          "", "Check the option delimiter."};
}

Error no_header(std::string_view why) {
  return {
      Code::kInvalidHeader, std::string(why), "",
      "The first row must name the columns; for a file without a header set header to false and name the columns in "
      "the option columns."};
}

Error all_skipped(std::int64_t skip_rows) {
  return {Code::kInvalidHeader,
          "skiprows " + std::to_string(skip_rows) + " leaves nothing of the file, not even a header", "",
          "Set skiprows to the number of lines before the table."};
}

Error bad_header(std::int64_t line, const Reject& reject) {
  return {Code::kInvalidHeader, "the header at line " + std::to_string(line) + " cannot be read: " + reject.message, "",
          "Mend the header, or skip it with skiprows and name the columns in the option columns."};
}

Error columns_do_not_match(std::int64_t line, std::size_t named, std::size_t found) {
  return {Code::kInvalidHeader,
          "the option columns names " + count(named, "column") + ", but line " + std::to_string(line) + " has " +
              std::to_string(found),
          "", "Name every column of the file, in its order."};
}

Error unusable_dialect(std::string_view why) {
  return {Code::kInvalidConfig, std::string(why), "",
          "Change the options delimiter, quote, escape, comment and stop_at."};
}

}  // namespace cpi::csv
