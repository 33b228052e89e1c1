// Writing all of staging, and finding the rows that the server refuses: the range of lines is halved until what is left
// is one line. The good halves stay written, so that a row is refused only for what the table and the rows before it
// hold.
#include <algorithm>

#include "import/apply_parts.h"
#include "import/failures.h"
#include "target/ddl.h"

namespace cpi::import {

namespace {

struct Range {
  std::int64_t first;
  std::int64_t last;
};

/// `lines` are the first of `count` rows, in no order.
Result<void> reject_suppressed(Apply& apply, std::vector<std::int64_t> lines, std::int64_t count) {
  if (count == 0) return {};
  std::sort(lines.begin(), lines.end());
  const std::string message =
      "a trigger or row security policy of table " + apply.table.name.display() + " kept the row out without an error";
  if (!apply.plan.continue_on_error) return apply.stopped_at(lines.front(), "", message);
  for (const std::int64_t line : lines) apply.reject(line, "", csv::Reason::kSuppressedByTrigger, message);
  apply.count_rejects(count - static_cast<std::int64_t>(lines.size()));
  return apply.check_limit();
}

Result<void> reject_refused(Apply& apply, std::int64_t line, const db::Error& refusal) {
  const std::string column = refused_column(apply, refusal);
  const std::string file_column = column.empty() ? std::string() : apply.file_column(column);
  std::string message = refusal.what();
  if (const std::string detail = detail_without_row(refusal); !detail.empty()) message += ": " + shortened(detail, 200);
  if (!apply.plan.continue_on_error) return apply.stopped_at(line, file_column, message);
  apply.reject(line, file_column, refusal.is("23502") ? csv::Reason::kNotNullViolation : csv::Reason::kRefusedByServer,
               message);
  apply.connection.exec("DELETE FROM " + apply.sql.staging() + " WHERE cpi_line = " + std::to_string(line));
  return apply.check_limit();
}

/// Writes `source`; an error of the server about its rows is the answer, not an exception.
struct Attempt {
  Written written;
  std::optional<db::Error> refusal;
  bool whole() const { return !refusal && !written.unnamed; }
};

Attempt attempt(Apply& apply, const std::string& source) {
  try {
    return {write_source(apply, source), std::nullopt};
  } catch (const db::Error& error) {
    if (!is_row_refusal(error)) throw;
    return {{}, error};
  }
}

Result<void> accept(Apply& apply, const Written& written) {
  apply.result.counts.inserted += written.inserted;
  apply.result.counts.updated += written.updated;
  apply.result.counts.skipped += written.skipped;
  return reject_suppressed(apply, written.suppressed_lines, written.suppressed);
}

/// What halving has found so far.
class Isolation {
 public:
  explicit Isolation(Apply& apply) : apply_(apply) {}

  /// Writes `range`, which failed as a whole.
  Result<void> split(Range range, const Attempt& failed) {
    if (range.first == range.last) {
      if (!failed.refusal) return reject_suppressed(apply_, {range.first}, 1);
      // Its parent may be a row further down in the same file.
      if (failed.refusal->is("23503")) {
        waiting_.push_back(range.first);
        return {};
      }
      return reject_refused(apply_, range.first, *failed.refusal);
    }
    const std::int64_t middle = range.first + (range.last - range.first) / 2;
    for (const Range half : {Range{range.first, middle}, Range{middle + 1, range.last}}) {
      const Attempt tried = attempt(apply_, apply_.sql.range(half.first, half.last));
      const Result<void> done = tried.whole() ? accept(apply_, tried.written) : split(half, tried);
      if (!done) return done;
    }
    return {};
  }

  /// Rows that miss a parent are tried again until none of them finds one any more.
  Result<void> settle() {
    for (bool progress = true; progress;) {
      progress = false;
      for (const std::int64_t line : std::exchange(waiting_, {})) {
        const Attempt tried = attempt(apply_, apply_.sql.range(line, line));
        if (!tried.whole()) {
          waiting_.push_back(line);
          continue;
        }
        progress = true;
        if (auto done = accept(apply_, tried.written); !done) return done;
      }
    }
    // The server's words are asked for once more: kept for every waiting row they could fill the memory.
    for (const std::int64_t line : waiting_) {
      const Attempt tried = attempt(apply_, apply_.sql.range(line, line));
      const Result<void> done = tried.refusal   ? reject_refused(apply_, line, *tried.refusal)
                                : tried.whole() ? accept(apply_, tried.written)
                                                : reject_suppressed(apply_, {line}, 1);
      if (!done) return done;
    }
    return {};
  }

 private:
  Apply& apply_;
  std::vector<std::int64_t> waiting_;  ///< lines
};

}  // namespace

Result<void> write_all(Apply& apply) {
  db::Connection& connection = apply.connection;
  // The columns that joins and ranges look at; the others would only cost time.
  connection.exec("ANALYZE " + apply.sql.staging() + " (" +
                  (apply.sql.has_key() ? target::column_list(connection, apply.plan.key) + ", " : std::string()) +
                  "cpi_line)");
  Attempt all = attempt(apply, apply.sql.whole());
  while (!all.whole() && all.refusal) {
    auto removed = remove_violations(apply, *all.refusal);
    if (!removed) return removed.error();
    if (!*removed) break;
    all = attempt(apply, apply.sql.whole());
  }
  if (all.whole()) return accept(apply, all.written);
  connection.exec("CREATE INDEX ON " + apply.sql.staging() + " (cpi_line)");
  const db::Rows span = connection.exec("SELECT min(cpi_line), max(cpi_line) FROM " + apply.sql.staging());
  Isolation isolation(apply);
  if (auto done = isolation.split({span.int64(0, 0), span.int64(0, 1)}, all); !done) return done;
  return isolation.settle();
}

}  // namespace cpi::import
