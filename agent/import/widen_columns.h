// ALTER TABLE … TYPE for the columns of inferred types that a plan widens, and what to say when PostgreSQL refuses.
#pragma once

#include <map>
#include <string>

#include "import/plan.h"

namespace cpi::import {

/// Gives columns whose types cpi inferred the wider types of the plan, within the transaction that is open. Rows keep
/// their meaning: what becomes text is written in ISO form, in the file's time zone, and with every digit.
///
/// Fails with kTargetRefused, naming what stands in the way. Where rows may be rejected the load can do without: then
/// nothing has changed, and `not_widened` says why of each column that cannot be widened (PlannerInput::not_widened).
Result<void> widen_columns(db::Connection& connection, const Plan& plan, const target::Table& table,
                           std::map<std::string, std::string>& not_widened);

}  // namespace cpi::import
