// Which column of the file goes to which column of the table, and what becomes of the rest on either side.
#include <algorithm>
#include <map>

#include "core/config/file_columns.h"
#include "core/csv/rejects_csv.h"
#include "core/text/fold.h"
#include "core/text/identifier.h"
#include "import/planner_parts.h"

namespace cpi::import {

namespace {

/// A column of the file on its way, and the table column that was found for it.
struct Wanted : config::FileColumn {
  const target::Column* found = nullptr;
};

/// How many of the file's first columns say why its rows were rejected once (csv::rejects_header; again and again, one
/// each time): no data of anybody, unless the table has such a column.
std::size_t reason_columns(const PlannerInput& input) {
  std::size_t count = 0;
  for (const std::string& name : input.header) {
    if (!csv::is_reason_column(name) || (input.table.has_value() && input.table->column(name) != nullptr)) break;
    ++count;
  }
  return count;
}

std::vector<Wanted> wanted_columns(const PlannerInput& input) {
  std::vector<Wanted> wanted;
  for (config::FileColumn& column : config::file_columns(input.options, input.header, reason_columns(input))) {
    wanted.push_back({std::move(column)});
  }
  return wanted;
}

/// Finds the existing columns: exact names first, so that a table with both "Id" and "id" works, then ignoring case.
Result<void> match(const target::Table& table, std::vector<Wanted>& wanted) {
  for (Wanted& one : wanted) one.found = table.column(one.table_column);
  const auto taken = [&](const target::Column& column) {
    return std::any_of(wanted.begin(), wanted.end(), [&](const Wanted& one) { return one.found == &column; });
  };
  std::map<std::string, std::vector<const target::Column*>> free;
  for (const target::Column& column : table.columns) {
    if (!taken(column)) free[text::fold_case(column.name)].push_back(&column);
  }
  for (Wanted& one : wanted) {
    if (one.found != nullptr) continue;
    const auto candidates = free.find(text::fold_case(one.table_column));
    if (candidates == free.end()) continue;
    if (candidates->second.size() > 1) {
      return Error{Code::kColumnUnknown,
                   "column " + quoted_name(one.file_column) + " of the file could be " +
                       quoted_name(candidates->second[0]->name) + " or " + quoted_name(candidates->second[1]->name) +
                       " of " + table.name.display(),
                   "", "Say which with column_mapping."};
    }
    one.found = candidates->second.front();
  }
  return {};
}

/// Two columns of the file may not fill the same column of the table.
Result<void> check_distinct(const std::vector<Wanted>& wanted, const Plan& plan) {
  std::map<std::string, const Wanted*> seen;
  for (const Wanted& one : wanted) {
    const auto [other, fresh] = seen.emplace(one.found != nullptr ? one.found->name : one.table_column, &one);
    if (fresh) continue;
    return config::same_target(other->second->file_column, one.file_column, other->first, plan.table.display());
  }
  return {};
}

/// Adds one column to the plan, with the converter's word on how it is staged.
Result<void> add_column(const PlannerInput& input, Plan& plan, PlannedColumn column) {
  if (Result<void> staged = plan_staging(input, column); !staged.ok()) return staged;
  plan.columns.push_back(std::move(column));
  return {};
}

Error unknown_columns(const PlannerInput& input, const std::vector<std::string>& unknown) {
  std::vector<std::string> existing;
  for (const target::Column& column : input.table->columns) existing.push_back(column.name);
  std::string hint;
  for (const std::string& name : unknown) {
    const std::string nearest = text::nearest(name, existing);
    if (!nearest.empty()) hint += "Did you mean " + quoted_name(nearest) + " by " + quoted_name(name) + "? ";
  }
  hint += "Map the columns (column_mapping), or set new_columns to add or ignore.";
  return {Code::kColumnUnknown,
          (unknown.size() == 1 ? "column " : "columns ") + quoted_list(unknown) + " of the file " +
              (unknown.size() == 1 ? "is" : "are") + " not in " + input.table_name.display(),
          "The table's columns are: " + quoted_list(existing) + ".", hint};
}

Result<void> check_new_name(const Wanted& one, const Plan& plan) {
  if (!config::is_reserved(one.table_column)) return {};
  return config::reserved_name(one, plan.table.display());
}

Result<void> plan_new_table(const PlannerInput& input, const std::vector<Wanted>& wanted, Plan& plan) {
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (Result<void> name = check_new_name(wanted[i], plan); !name.ok()) return name;
    PlannedColumn column;
    column.file_index = wanted[i].file_index;
    column.file_column = wanted[i].file_column;
    column.table_column = wanted[i].table_column;
    column.inferred = input.inference != nullptr;
    column.type = column.base_type =
        value::inferred_type(column.inferred ? input.inference->type(column.file_index) : "text");
    if (Result<void> added = add_column(input, plan, std::move(column)); !added.ok()) return added;
  }
  return {};
}

Result<void> plan_existing_table(const PlannerInput& input, const std::vector<Wanted>& wanted, Plan& plan) {
  const target::Table& table = *input.table;
  std::vector<std::string> unknown;
  std::vector<std::string> ignored;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const Wanted& one = wanted[i];
    PlannedColumn column;
    column.file_index = one.file_index;
    column.file_column = one.file_column;
    column.table_column = one.found != nullptr ? one.found->name : one.table_column;
    if (one.found == nullptr) {
      if (input.options.new_columns == config::NewColumns::kFail) {
        unknown.push_back(one.file_column);
        continue;
      }
      if (input.options.new_columns == config::NewColumns::kIgnore) {
        ignored.push_back(one.file_column);
        continue;
      }
      if (Result<void> name = check_new_name(one, plan); !name.ok()) return name;
      column.add_to_table = true;
      column.type = column.base_type = value::inferred_type("text");
      plan.warnings.push_back("column " + quoted_name(column.table_column) + " is new: it is added to " +
                              table.name.display() + " as text");
    } else if (one.found->generated) {
      plan.warnings.push_back("column " + quoted_name(one.found->name) + " of " + table.name.display() +
                              " is generated by the database: the file's values are left out");
      continue;
    } else {
      column.type = one.found->type;
      column.base_type = one.found->base_type;
      // A trigger may fill in what the file leaves empty, so only the server can judge such a table's NULLs.
      column.not_null = one.found->not_null && !table.has_row_triggers;
      if (!one.found->sequence.empty()) plan.sequences.push_back(one.found->sequence);
    }
    if (Result<void> added = add_column(input, plan, std::move(column)); !added.ok()) return added;
  }
  if (!unknown.empty()) return unknown_columns(input, unknown);
  if (!ignored.empty())
    plan.warnings.push_back("columns of the file that the table lacks are ignored: " + quoted_list(ignored));
  return {};
}

}  // namespace

Result<void> plan_staging(const PlannerInput& input, PlannedColumn& column) {
  auto made = input.cast_on_server.contains(column.table_column) && !column.sure_only
                  ? value::make_text_staging_converter(column.base_type, input.options.format)
                  : value::make_converter(column.base_type, input.options.format);
  if (!made.ok()) {
    Error error = made.error();
    error.message = "column " + quoted_name(column.file_column) + ": " + error.message;
    return error;
  }
  column.staging_type = (*made)->staging_type();
  column.needs_cast = (*made)->needs_cast();
  return {};
}

Result<void> plan_missing_columns(const PlannerInput& input, Plan& plan) {
  std::vector<std::string> missing;
  std::vector<std::string> required;
  for (const target::Column& column : input.table->columns) {
    const bool in_file = std::any_of(plan.columns.begin(), plan.columns.end(),
                                     [&](const PlannedColumn& one) { return one.table_column == column.name; });
    if (in_file || column.generated || column.name == "_cpi_deleted_at") continue;
    missing.push_back(column.name);
    if (column.not_null && !column.has_default && !input.table->has_row_triggers) required.push_back(column.name);
    if (input.options.missing_columns == config::MissingColumns::kNull && !column.not_null) {
      plan.null_columns.push_back(column.name);
    }
  }
  const bool fail = input.options.missing_columns == config::MissingColumns::kFail;
  const std::vector<std::string>& lacking = fail ? missing : required;
  if (lacking.empty()) return {};
  std::string hint;
  for (const std::string& name : lacking) {
    const std::string nearest = text::nearest(name, input.header);
    if (!nearest.empty()) hint += "Did you mean " + quoted_name(nearest) + " by " + quoted_name(name) + "? ";
  }
  hint += fail ? "Map the file's columns (column_mapping), or set missing_columns to keep or null."
               : "Map a column of the file to it (column_mapping), or give the column a default in the table.";
  return Error{Code::kColumnMissing,
               (lacking.size() == 1 ? "column " : "columns ") + quoted_list(lacking) + " of " +
                   input.table_name.display() + (lacking.size() == 1 ? " is" : " are") + " not in the file",
               (fail ? std::string() : std::string("A value is needed there: NOT NULL without a default. ")) +
                   "The file's columns are: " + quoted_list(input.header) + ".",
               hint};
}

namespace {

/// A table has at most 1,600 columns (MaxHeapAttributeNumber), and the staging table has one more than the file.
Result<void> check_number(const PlannerInput& input, const Plan& plan) {
  constexpr std::size_t kMost = 1600;
  const std::size_t count = plan.columns.size();
  const auto added = static_cast<std::size_t>(
      std::count_if(plan.columns.begin(), plan.columns.end(), [](const PlannedColumn& c) { return c.add_to_table; }));
  const std::size_t in_table = input.table.has_value() ? input.table->columns.size() + added : count;
  const std::string way_out =
      "Make the table with the columns that are wanted, and set new_columns to \"ignore\": the file's other columns "
      "are "
      "then passed over.";
  if (in_table > kMost) {
    return Error{Code::kLimitExceeded,
                 "table " + plan.table.display() + " would have " + std::to_string(in_table) +
                     " columns; PostgreSQL allows " + std::to_string(kMost),
                 "", way_out};
  }
  if (count < kMost) return {};
  return Error{
      Code::kLimitExceeded,
      std::to_string(count) + " columns of the file are to be loaded; cpi loads at most " + std::to_string(kMost - 1),
      "PostgreSQL allows " + std::to_string(kMost) + " in a table, and staging needs one for the line numbers.",
      way_out};
}

}  // namespace

Result<void> plan_columns(const PlannerInput& input, Plan& plan) {
  std::vector<Wanted> wanted = wanted_columns(input);
  plan.warnings = config::column_warnings(input.options, input.header, reason_columns(input));
  if (input.table.has_value()) {
    if (Result<void> matched = match(*input.table, wanted); !matched.ok()) return matched;
  }
  if (Result<void> distinct = check_distinct(wanted, plan); !distinct.ok()) return distinct;
  if (Result<void> planned =
          input.table.has_value() ? plan_existing_table(input, wanted, plan) : plan_new_table(input, wanted, plan);
      !planned.ok()) {
    return planned;
  }
  if (plan.columns.empty()) {
    return Error{Code::kInvalidHeader, "no column of the file can be loaded into " + plan.table.display(),
                 "The file's columns are: " + quoted_list(input.header) + ".",
                 "Check delimiter and header: a file read with the wrong delimiter has a single, odd column."};
  }
  return check_number(input, plan);
}

}  // namespace cpi::import
