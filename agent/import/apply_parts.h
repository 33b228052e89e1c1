// The steps of an apply and what they share. Private to import/apply*.cpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "import/apply.h"

namespace cpi::import {

/// The statements of one apply, as text: built once from plan and table. `source` stands for staging or a range of it.
class ApplyStatements {
 public:
  ApplyStatements(const db::Connection& connection, const Plan& plan, const target::Table& table,
                  const target::Staging& staging);

  /// new, changed and unchanged rows of the source, by a join with the table.
  std::string count(const std::string& source) const;
  std::string merge(const std::string& source) const;
  std::string update(const std::string& source) const;
  /// Rows whose key the table lacks; all rows when there is no key.
  std::string insert(const std::string& source) const;
  /// As `update`, answering cpi_line of the first `most` rows that should have changed but did not, and how many did
  /// not in all.
  std::string update_naming_suppressed(const std::string& source, std::size_t most) const;
  /// Likewise of rows whose key the table lacks.
  std::string absent(const std::string& source, std::size_t most) const;

  /// Staging as a source: whole, or the rows of a range of lines.
  std::string whole() const { return staging_; }
  std::string range(std::int64_t first, std::int64_t last) const;

  bool has_key() const { return !match_.empty(); }
  bool can_update() const { return !assignments_.empty(); }
  /// The key's columns of staging, for GROUP BY: with the collation that the index compares by.
  const std::string& staging_key() const { return staging_key_; }
  const std::string& target() const { return target_; }
  const std::string& staging() const { return staging_; }

 private:
  std::string staging_;
  std::string target_;
  std::string match_;      ///< t.key = s.key, by the operators of the unique index
  std::string unmatched_;  ///< true for a source row without a partner in a LEFT JOIN
  std::string differs_;    ///< the stored images differ
  std::size_t compared_columns_ = 0;
  std::string assignments_;  ///< "a" = s."a", …
  std::string columns_;      ///< of the table, for INSERT
  std::string values_;       ///< of the source, in the same order
  std::string overriding_;   ///< OVERRIDING SYSTEM VALUE where an identity column needs it
  std::string staging_key_;
};

/// What all steps work on.
struct Apply {
  db::Connection& connection;
  const Plan& plan;
  const target::Table& table;
  const target::Staging& staging;
  std::int64_t rows_read;
  RejectSink& rejects;
  ApplyStatements sql;
  Applied result;
  bool locked = false;  ///< writers of the table are kept out: counts can no longer be disturbed

  /// The file's name of a table's column; the table's name for columns that the file lacks.
  std::string file_column(std::string_view table_column) const;
  /// Fails with kTooManyErrors once there are more rejects than allowed.
  Result<void> check_limit() const;
  /// One row goes to the rejects. `column` is the file's name, empty when the whole row is at fault.
  void reject(std::int64_t line, std::string column, csv::Reason reason, std::string message);
  /// Counts rejects for which there was no room.
  void count_rejects(std::int64_t rows);
  /// Runs `statement`, which takes rows away and answers (cpi_line, value, message) of them; all become rejects,
  /// counted by the server and fetched only as far as the sink has room.
  Result<void> reject_all(const std::string& statement, const std::string& column, csv::Reason reason);
  /// The error of a load that stops at `line`.
  Error stopped_at(std::int64_t line, const std::string& column, const std::string& message,
                   std::string detail = {}) const;
};

/// Makes every staging column the very type of its table column. Rows that do not cast are rejected and deleted from
/// staging, or fail the load.
Result<void> cast_columns(Apply& apply);

/// Rejects rows without a key, and rows without a value that the table demands.
Result<void> reject_missing_values(Apply& apply);

/// Deletes from staging all but one row of each key, by `plan.duplicates`.
Result<void> resolve_duplicates(Apply& apply);

/// Rows of one write, by what became of them.
struct Written {
  std::int64_t inserted = 0;
  std::int64_t updated = 0;
  std::int64_t skipped = 0;
  std::int64_t suppressed = 0;                   ///< rows that a trigger or a policy kept out
  std::vector<std::int64_t> suppressed_lines{};  ///< lines of the first of them, as far as the rejects have room
  bool unnamed = false;  ///< rows without a key were kept out, nobody knows which: nothing was written
};

/// Writes a source in a savepoint. Throws db::Error with the savepoint rolled back: the transaction can go on.
Written write_source(Apply& apply, const std::string& source);

/// Removes from staging, and rejects, every row that breaks the foreign key or check that `refusal` names, when that
/// can be asked in one statement. True: some were removed, the rest may be tried again. Without continue_on_error the
/// first such row fails the load.
Result<bool> remove_violations(Apply& apply, const db::Error& refusal);

/// Writes all of staging; isolates what the server refuses.
Result<void> write_all(Apply& apply);

/// True when the error is about the rows (a constraint, a trigger, a value), not about the statement or the server.
bool is_row_refusal(const db::Error& error);

/// The table column at fault, when the server's answer leads to one; otherwise empty.
std::string refused_column(Apply& apply, const db::Error& error);

/// Raises sequences behind loaded columns above the loaded values.
void raise_sequences(Apply& apply);

/// At most 80 characters of a value, for messages, cut between characters.
std::string shortened(std::string_view value, std::size_t most = 80);

}  // namespace cpi::import
