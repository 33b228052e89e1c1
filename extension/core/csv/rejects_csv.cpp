#include "core/csv/rejects_csv.h"

#include <algorithm>
#include <span>

#include "core/csv/reader.h"

namespace cpi::csv {

namespace {

constexpr std::string_view kReasonColumn = "cpi_reason";

bool same_name(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

/// `text` with `with` for every `what`.
std::string replaced(std::string text, std::string_view what, std::string_view with) {
  if (what.empty()) return text;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
  return text;
}

/// A field in quotes, always, so that no content needs looking at.
std::string quoted(const Dialect& dialect, std::string_view text) {
  std::string out(text);
  const std::string& escape = dialect.escape.empty() ? dialect.quote : dialect.escape;
  if (escape != dialect.quote) out = replaced(std::move(out), escape, escape + escape);
  return dialect.quote + replaced(std::move(out), dialect.quote, escape + dialect.quote) + dialect.quote;
}

/// A field of a dialect without quotes: what would end it is escaped or, without an escape, made a blank.
std::string bare(const Dialect& dialect, std::string_view text) {
  std::string out(text);
  if (!dialect.escape.empty()) {
    for (const std::string& token : {dialect.escape, dialect.delimiter, std::string("\n"), std::string("\r")}) {
      out = replaced(std::move(out), token, std::string(dialect.escape).append(token));
    }
    return out;
  }
  const std::string blank = dialect.delimiter.find(' ') == std::string::npos ? " " : "_";
  for (const std::string& token : {std::string("\n"), std::string("\r"), dialect.delimiter}) {
    out = replaced(std::move(out), token, blank);
  }
  // The field's end may be the beginning of a delimiter, which the one behind it would complete.
  while ((out + dialect.delimiter).find(dialect.delimiter) < out.size()) out.replace(out.size() - 1, 1, blank);
  return out;
}

std::string field(const Dialect& dialect, std::string_view text) {
  return dialect.quote.empty() ? bare(dialect, text) : quoted(dialect, text);
}

}  // namespace

std::string reason_column(const std::vector<std::string>& header) {
  std::string name(kReasonColumn);
  const auto taken = [&](const std::string& other) { return same_name(other, name); };
  for (int number = 2; std::any_of(header.begin(), header.end(), taken); ++number) {
    name = std::string(kReasonColumn) + "_" + std::to_string(number);
  }
  return name;
}

bool is_reason_column(std::string_view name) {
  if (!name.starts_with(kReasonColumn)) return false;
  name.remove_prefix(kReasonColumn.size());
  if (name.empty()) return true;
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return name.size() > 1 && name[0] == '_' && std::all_of(name.begin() + 1, name.end(), digit);
}

std::string rejects_header(const Dialect& dialect, const std::vector<std::string>& header) {
  std::string out = field(dialect, reason_column(header));
  for (const std::string& name : header) out += dialect.delimiter + field(dialect, name);
  return out + "\n";
}

bool stands_alone(const Dialect& dialect, std::string_view raw) {
  Dialect rows = dialect;
  rows.header_rows = 0;
  rows.columns.clear();
  // Twice: where the end of the first is none, the second is drawn into it.
  Reader reader(rows);
  const std::span<char> space = reader.space(2 * (raw.size() + 1));
  char* end = space.data();
  for (int i = 0; i < 2; ++i) {
    end = std::copy(raw.begin(), raw.end(), end);
    *end++ = '\n';
  }
  reader.commit(static_cast<std::size_t>(end - space.data()));
  reader.finish();
  Batch batch;
  std::size_t count = 0;
  for (;;) {
    const Result<Reader::Event> event = reader.next(batch);
    if (!event.ok() || !batch.rejects.empty()) return false;
    if (*event != Reader::Event::kBatch) return count == 2;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (batch.raw(i) != raw) return false;
      ++count;
    }
  }
}

std::string_view without_first_fields(const Dialect& dialect, std::string_view raw, std::size_t count) {
  const std::string_view all = raw;
  const std::string& escape = dialect.escape.empty() ? dialect.quote : dialect.escape;
  for (; count > 0; --count) {
    std::size_t end = 0;
    if (!dialect.quote.empty() && raw.starts_with(dialect.quote)) {
      end = dialect.quote.size();
      // An escape takes the quote behind it along; where it is the quote itself, a lone one ends the field.
      for (;;) {
        const std::size_t quote = raw.find(dialect.quote, end);
        if (quote == std::string_view::npos) return all;
        const std::size_t escaped = raw.find(escape, end);
        if (escaped < quote || (escaped == quote && raw.substr(quote + escape.size()).starts_with(dialect.quote))) {
          end = escaped + escape.size() + (escaped < quote ? 1 : dialect.quote.size());
          continue;
        }
        end = quote + dialect.quote.size();
        break;
      }
      if (!raw.substr(end).starts_with(dialect.delimiter)) return all;
    } else {
      end = raw.find(dialect.delimiter);
      while (end != std::string_view::npos && !dialect.escape.empty() && raw.substr(0, end).ends_with(dialect.escape)) {
        end = raw.find(dialect.delimiter, end + 1);
      }
      if (end == std::string_view::npos) return all;
    }
    raw.remove_prefix(end + dialect.delimiter.size());
  }
  return raw;
}

std::string rejects_row(const Dialect& dialect, std::string_view file, std::int64_t line, std::string_view column,
                        std::string_view message, std::string_view raw) {
  std::string reason(file);
  if (line > 0) reason += (reason.empty() ? "line " : ", line ") + std::to_string(line);
  if (!column.empty()) reason += (reason.empty() ? "column \"" : ", column \"") + std::string(column) + "\"";
  reason += (reason.empty() ? "" : ": ") + std::string(message);
  return field(dialect, reason) + dialect.delimiter + std::string(raw) + "\n";
}

}  // namespace cpi::csv
