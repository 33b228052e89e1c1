// make_plan: what can be loaded at all, and the strategy. Columns, key and inferred types are in planner_columns.cpp,
// planner_key.cpp and planner_types.cpp.
#include "core/config/file_columns.h"
#include "core/value/embedded.h"
#include "import/planner_parts.h"

namespace cpi::import {

namespace {

constexpr int kFirstVersionWithMerge = 150000;

/// Views and the like are refused by name: COPY and MERGE would fail with something less clear, or write elsewhere.
Result<void> check_kind(const target::Table& table) {
  std::string_view kind;
  std::string hint = "Load into a table, or name another target_table.";
  switch (table.kind) {
    case 'r':
    case 'p': return {};
    case 'v':
      kind = "a view";
      hint = "Load into the table below it (target_table).";
      break;
    case 'm':
      kind = "a materialized view";
      hint = "Load into the tables that it is made of, and refresh it afterwards.";
      break;
    case 'f':
      kind = "a foreign table";
      hint = "Load into the database where the table itself is.";
      break;
    case 'S': kind = "a sequence"; break;
    default: kind = "no table"; break;
  }
  return Error{Code::kUnsupportedTarget, table.name.display() + " is " + std::string(kind), "", hint};
}

/// This version has one strategy; fresh and diff find their place here, with the facts that decide for them.
void choose_strategy(const PlannerInput& input, Plan& plan) {
  plan.strategy = Strategy::kMerge;
  if (plan.create_table) {
    plan.strategy_reason = "the table does not exist: it is created, then filled";
  } else if (plan.key.empty()) {
    plan.strategy_reason = "there is no key: rows are appended";
  } else {
    plan.strategy_reason = "rows are merged by their key";
  }
  if (input.options.strategy == config::StrategyChoice::kFresh ||
      input.options.strategy == config::StrategyChoice::kDiff) {
    plan.warnings.push_back(std::string("strategy ") +
                            (input.options.strategy == config::StrategyChoice::kFresh ? "fresh" : "diff") +
                            " is not available in this version: merge is used, with the same result");
  }
  plan.use_merge_statement =
      input.server_version >= kFirstVersionWithMerge && !(input.table.has_value() && input.table->has_rules);
}

/// How the server reads the dates of columns that it casts: as the converters would.
std::string datestyle(value::DateOrder order) {
  switch (order) {
    case value::DateOrder::kYmd: return "ISO, YMD";
    case value::DateOrder::kDmy: return "ISO, DMY";
    case value::DateOrder::kMdy: return "ISO, MDY";
  }
  return "ISO, MDY";
}

}  // namespace

std::string_view strategy_name(Strategy strategy) {
  switch (strategy) {
    case Strategy::kFresh: return "fresh";
    case Strategy::kMerge: return "merge";
    case Strategy::kDiff: return "diff";
  }
  return "merge";
}

Result<Plan> make_plan(const PlannerInput& input) {
  Plan plan;
  plan.table = input.table_name;
  plan.create_table = !input.table.has_value();
  if (input.table.has_value()) {
    if (Result<void> kind = check_kind(*input.table); !kind.ok()) return kind.error();
    plan.fingerprint = input.table->fingerprint;
  }
  if (Result<void> supported = config::check_supported(input.options); !supported.ok()) return supported.error();
  plan.duplicates = input.options.duplicates;
  plan.max_errors = input.options.max_errors;
  plan.continue_on_error = input.options.continues();

  if (const auto order = value::order_of_casts(input.options.format)) plan.cast_datestyle = datestyle(*order);
  plan.cast_timezone = input.options.format.timezone;

  if (Result<void> columns = plan_columns(input, plan); !columns.ok()) return columns.error();
  if (Result<void> key = plan_key(input, plan); !key.ok()) return key.error();
  if (Result<void> types = plan_inferred_types(input, plan); !types.ok()) return types.error();
  if (input.table.has_value()) {
    if (Result<void> missing = plan_missing_columns(input, plan); !missing.ok()) return missing.error();
  }
  choose_strategy(input, plan);
  return plan;
}

}  // namespace cpi::import
