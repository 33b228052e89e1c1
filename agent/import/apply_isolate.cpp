// Writing all of staging, and finding the rows that the server refuses: the range of lines is halved until what is left
// is one line. The good halves stay written, so that a row is refused only for what the table and the rows before it
// hold.
#include <algorithm>

#include "import/apply_parts.h"

namespace cpi::import {

namespace {

struct Range {
  std::int64_t first;
  std::int64_t last;
};

Result<void> reject_suppressed(Apply& apply, const std::vector<std::int64_t>& lines) {
  for (const std::int64_t line : lines) {
    const std::string message = "a trigger or row security policy of table " + apply.table.name.display() +
                                " kept the row out without an error";
    if (!apply.plan.continue_on_error) return apply.stopped_at(line, "", message);
    apply.reject(line, "", csv::Reason::kSuppressedByTrigger, message);
  }
  return apply.check_limit();
}

Result<void> reject_refused(Apply& apply, std::int64_t line, const db::Error& refusal) {
  const std::string column = refused_column(apply, refusal);
  const std::string file_column = column.empty() ? std::string() : apply.file_column(column);
  std::string message = refusal.what();
  if (!refusal.detail().empty()) message += ": " + shortened(refusal.detail(), 200);
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
  return reject_suppressed(apply, written.suppressed);
}

/// Writes `range`, which failed as a whole.
Result<void> isolate(Apply& apply, Range range, const Attempt& failed) {
  if (range.first == range.last) {
    if (failed.refusal) return reject_refused(apply, range.first, *failed.refusal);
    return reject_suppressed(apply, {range.first});
  }
  const std::int64_t middle = range.first + (range.last - range.first) / 2;
  for (const Range half : {Range{range.first, middle}, Range{middle + 1, range.last}}) {
    const Attempt tried = attempt(apply, apply.sql.range(half.first, half.last));
    const Result<void> done = tried.whole() ? accept(apply, tried.written) : isolate(apply, half, tried);
    if (!done) return done;
  }
  return {};
}

}  // namespace

Result<void> write_all(Apply& apply) {
  db::Connection& connection = apply.connection;
  connection.exec("ANALYZE " + apply.sql.staging());
  const Attempt all = attempt(apply, apply.sql.whole());
  if (all.whole()) return accept(apply, all.written);
  connection.exec("CREATE INDEX ON " + apply.sql.staging() + " (cpi_line)");
  const db::Rows span = connection.exec("SELECT min(cpi_line), max(cpi_line) FROM " + apply.sql.staging());
  return isolate(apply, {span.int64(0, 0), span.int64(0, 1)}, all);
}

}  // namespace cpi::import
