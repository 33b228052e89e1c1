// The parts of planning that are long enough to stand alone; called by make_plan only, in this order.
#pragma once

#include "import/plan.h"

namespace cpi::import {

/// Fills in columns, sequences and warnings: which column of the file goes to which column of the table.
Result<void> plan_columns(const PlannerInput& input, Plan& plan);

/// Fills in key, key_is_new and the columns' `key`, `not_null` and `insert_only`: by what rows are merged.
Result<void> plan_key(const PlannerInput& input, Plan& plan);

/// Fills in null_columns: what becomes of the columns of an existing table that the file lacks.
Result<void> plan_missing_columns(const PlannerInput& input, Plan& plan);

/// `name` in double quotes, for messages and for the statements that hints show.
std::string quoted_name(std::string_view name);

/// "a", "b", "c" and so on, for messages; after `most` names it says how many more there are.
std::string quoted_list(const std::vector<std::string>& names, std::size_t most = 40);

}  // namespace cpi::import
