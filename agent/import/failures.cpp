#include "import/failures.h"

#include <algorithm>

#include "observe/observe.h"

namespace cpi::import {

Error too_many_errors(const Plan& plan, const RejectSink& rejects, std::int64_t rows_read) {
  const std::int64_t count = rejects.count();
  const std::string counted = rows_read > 0 ? std::to_string(count) + " of " + std::to_string(rows_read) + " rows"
                                            : std::to_string(count) + (count == 1 ? " row" : " rows");
  Error error{Code::kTooManyErrors, "", "", ""};
  if (rejects.kept().empty()) {
    error.message = counted + " rejected";
  } else {
    // The reader's rejects come ahead of the converters' of the same batch: the first is the one a person meets first.
    const csv::Reject& first = *std::min_element(rejects.kept().begin(), rejects.kept().end(),
                                                 [](const auto& a, const auto& b) { return a.line < b.line; });
    error.message = "line " + std::to_string(first.line);
    if (!first.column.empty()) error.message += ", column \"" + first.column + "\"";
    error.message += ": " + first.message;
  }
  error.detail = counted + (count == 1 ? " was" : " were") + " rejected; the load changed nothing.";
  if (!plan.continue_on_error) {
    error.hint = "Mend the rows, or set on_error to continue: then the other rows are loaded and these are reported.";
  } else if (plan.max_errors.has_value()) {
    std::string allowed = std::to_string(plan.max_errors->value);
    allowed.erase(allowed.find_last_not_of('0') + 1);
    if (allowed.ends_with('.')) allowed.pop_back();
    error.hint =
        "max_errors allows " + allowed + (plan.max_errors->percent ? "%" : "") + ". Mend the rows, or allow more.";
  }
  return error;
}

Error stopped() {
  return {Code::kStopped, "the import was stopped", "The load was rolled back; nothing has changed.", ""};
}

Error given_up() {
  return {Code::kTargetRefused, "the load was given up: its job ended meanwhile", "Nothing was applied.",
          "Import the file with a new job."};
}

std::string detail_without_row(const db::Error& error) {
  // ExecBuildSlotValueDescription in src/backend/executor/execMain.c: not null, check (partitions included), and the
  // check option of a view. Told by the code, since the words may be in any language.
  return error.is("23502") || error.is("23514") || error.is("44000") ? "" : error.detail();
}

Error from_target(const db::Error& error) {
  std::string detail;
  if (!error.sqlstate().empty()) detail = "SQLSTATE " + error.sqlstate() + ".";
  if (const std::string more = detail_without_row(error); !more.empty()) detail += (detail.empty() ? "" : " ") + more;
  // A login that was refused is an answer: asking again later would be told the same.
  const bool unreachable = error.retryable() && (error.poisons_connection() || error.is("08"));
  // libpq tells of several addresses in several indented lines; one line is what tables and logs can show.
  std::string message;
  for (const char c : std::string_view(error.what())) {
    const bool blank = c == '\n' || c == '\t' || c == ' ';
    if (!blank || !message.ends_with(' ')) message += blank ? ' ' : c;
  }
  return {unreachable ? Code::kTargetUnreachable : Code::kTargetRefused, message, detail, error.hint()};
}

std::string told(const Error& error) {
  std::string out = error.message;
  if (!error.detail.empty()) out += "\nDETAIL: " + error.detail;
  if (!error.hint.empty()) out += "\nHINT: " + error.hint;
  return observe::mask(out);
}

}  // namespace cpi::import
