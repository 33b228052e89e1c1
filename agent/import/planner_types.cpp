// Inferred types: what is asked of the file's values, and what becomes of an existing column that not all of them fit.
#include <algorithm>
#include <iterator>

#include "core/value/widen.h"
#include "import/planner_parts.h"

namespace cpi::import {

namespace {

constexpr int kFirstVersionWithInfiniteNumeric = 140000;

const target::Column* found_column(const PlannerInput& input, const PlannedColumn& column) {
  return input.table.has_value() ? input.table->column(column.table_column) : nullptr;
}

/// Whether the column as text would hold its old values as the files spell theirs. PostgreSQL writes 1.5 and 2024-01-31
/// where they may say 1,5 and 31.01.2024, and t where they say true: nobody could tell such values apart then.
bool is_spelled_alike_as_text(const target::Column& found, const value::Format& format) {
  if (found.as_written || found.type.name == "text") return true;
  constexpr std::string_view kNumbers[] = {"integer", "bigint", "numeric", "double precision"};
  const bool number = std::find(std::begin(kNumbers), std::end(kNumbers), found.type.name) != std::end(kNumbers);
  return number && format.decimal_separator == '.' && format.thousands_separator.empty();
}

/// Whether the column is a key whose stored values may be spelled otherwise than the files spell them: as text a row
/// that comes again would not find itself.
bool is_respelled_key(const PlannedColumn& column, const target::Column& found) {
  return column.key && !found.as_written;
}

std::string stays(const Plan& plan, const target::Column& found, std::string_view type, const std::string& why) {
  return "column " + quoted_name(found.name) + " of " + plan.table.display() + " stays " + std::string(type) +
         ": rows with other values are rejected, " + why;
}

std::string way_to_text(const Plan& plan, const target::Column& found) {
  return ". To load them, make it text: ALTER TABLE " + quoted_name(plan.table.schema) + "." +
         quoted_name(plan.table.table) + " ALTER COLUMN " + quoted_name(found.name) + " TYPE text";
}

/// The type that holds what a column of an inferred type has and what the file brings. Other columns keep theirs: what
/// does not fit is rejected. So it is where only text would hold all, and rows may be rejected (one "n/a" shall not
/// make text of a column that people add up) or text would not hold what the files had.
void widen(const PlannerInput& input, const target::Column& found, PlannedColumn& column, Plan& plan) {
  if (input.inference == nullptr) {
    column.sure_only = found.as_written;
    return;
  }
  const value::Inference& file = *input.inference;
  const std::string& current = found.type.name;
  if (!file.has_values(column.file_index) || file.fits(column.file_index, current)) return;
  const value::Widening rules{input.server_version >= kFirstVersionWithInfiniteNumeric, found.as_written};
  std::string wide = value::widen(current, file.type(column.file_index), rules).value_or(current);
  std::string why;
  const bool alike = is_spelled_alike_as_text(found, input.options.format);
  if (current == "boolean" ||
      (wide == "text" && (plan.continue_on_error || is_respelled_key(column, found) || !alike))) {
    wide = value::widen(current, file.type_beside_misfits(column.file_index), rules).value_or(current);
    if (wide == "text") wide = current;
    why = is_respelled_key(column, found)
              ? "as the key's values are not stored as the files wrote them: as text, rows would be there twice"
          : alike ? "as on_error is continue" + way_to_text(plan, found)
                  : "as text would hold the old ones as PostgreSQL writes them, not as the files do" +
                        way_to_text(plan, found);
  }
  if (const auto refused = input.not_widened.find(found.name); refused != input.not_widened.end() && wide != current) {
    why = "as PostgreSQL refuses to make it " + wide + ": " + refused->second;
    wide = current;
  }
  if (!why.empty()) plan.warnings.push_back(stays(plan, found, wide, why));
  column.sure_only = !why.empty() || wide == current;
  if (wide == current) return;
  column.widened_from = current;
  column.inferred = true;
  column.type = column.base_type = value::inferred_type(wide);
}

void warn_of_dates_that_may_be_numbers(const PlannerInput& input, const PlannedColumn& column, Plan& plan) {
  if (!input.inference->may_be_numbers(column.file_index) || column.type.name == "text" || column.as_written) return;
  plan.warnings.push_back("table " + plan.table.display() + " is created with " + column.type.name + " for column " +
                          quoted_name(column.table_column) +
                          ", because date_format reads its digits: if they are numbers, drop the table and make it "
                          "with the types that you want");
}

}  // namespace

Result<void> plan_inferred_types(const PlannerInput& input, Plan& plan) {
  std::vector<std::string> without_values;
  for (PlannedColumn& column : plan.columns) {
    if (plan.create_table && column.inferred) {
      if (!input.inference->has_values(column.file_index)) without_values.push_back(column.table_column);
      column.as_written = column.key;
      warn_of_dates_that_may_be_numbers(input, column, plan);
    }
    const target::Column* found = found_column(input, column);
    if (found == nullptr || !found->inferred) continue;
    column.as_written = found->as_written;
    widen(input, *found, column, plan);
    if (Result<void> staged = plan_staging(input, column); !staged.ok()) return staged;
  }
  if (!without_values.empty()) {
    plan.warnings.push_back("no row of the file that creates " + plan.table.display() + " has a value for " +
                            quoted_list(without_values) + ": made as text, which later files do not change");
  }
  return {};
}

ValueRules value_rules(const PlannerInput& input) {
  ValueRules rules{
      std::vector<value::Watched>(input.header.size(), {.types = false, .as_written = false, .beside = {}}),
      std::vector<bool>(input.header.size())};
  PlannerInput blind = input;
  blind.inference = nullptr;
  const Result<Plan> plan = make_plan(blind);
  if (!plan.ok()) return rules;  // so will the plan be that is made with the values
  for (const PlannedColumn& column : plan->columns) {
    rules.required[column.file_index] = column.not_null;
    value::Watched& watched = rules.watched[column.file_index];
    const target::Column* found = found_column(input, column);
    watched.types = plan->create_table || (found != nullptr && found->inferred);
    if (!watched.types) continue;
    watched.as_written = plan->create_table ? column.key : found->as_written;
    if (found != nullptr && (plan->continue_on_error || is_respelled_key(column, *found) ||
                             !is_spelled_alike_as_text(*found, input.options.format))) {
      watched.beside = found->type.name;
    }
  }
  return rules;
}

}  // namespace cpi::import
