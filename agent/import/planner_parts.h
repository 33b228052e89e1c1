// The parts of planning that are long enough to stand alone; called by make_plan only, in this order.
#pragma once

#include "core/text/identifier.h"
#include "import/plan.h"

namespace cpi::import {

/// Fills in columns, sequences and warnings: which column of the file goes to which column of the table.
Result<void> plan_columns(const PlannerInput& input, Plan& plan);

/// Fills in key, key_is_new and the columns' `key`, `not_null` and `insert_only`: by what rows are merged.
Result<void> plan_key(const PlannerInput& input, Plan& plan);

/// Fills in what comes of inferred types: `as_written` and `sure_only`, the wider types of existing columns, and
/// warnings.
Result<void> plan_inferred_types(const PlannerInput& input, Plan& plan);

/// Fills in staging_type and needs_cast of a column whose type is known.
Result<void> plan_staging(const PlannerInput& input, PlannedColumn& column);

/// Fills in null_columns: what becomes of the columns of an existing table that the file lacks.
Result<void> plan_missing_columns(const PlannerInput& input, Plan& plan);

using text::quoted_list;
using text::quoted_name;

}  // namespace cpi::import
