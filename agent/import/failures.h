// The errors of a load, made in one place so that they read alike.
#pragma once

#include <cstdint>
#include <string>

#include "core/error.h"
#include "db/error.h"
#include "import/plan.h"
#include "import/rejects.h"

namespace cpi::import {

/// More rejects than the plan allows: names the first by line and column, and how many there are.
/// `rows_read` 0: unknown.
Error too_many_errors(const Plan& plan, const RejectSink& rejects, std::int64_t rows_read);

/// The load was told to stop and has rolled back.
Error stopped();

/// A later attempt has ended the job and left word in the ledger that this load is not to be applied any more.
Error given_up();

/// What the server adds to its message; empty where that is a whole row ("Failing row contains …"): errors are read by
/// more people than rows are.
std::string detail_without_row(const db::Error& error);

/// What the target answered, with the SQLSTATE in the detail: kTargetUnreachable when the connection is gone or could
/// not be made, otherwise, a refused login included, kTargetRefused. The one translation of a target's db::Error.
Error from_target(const db::Error& error);

/// Message, detail and hint as one text for a row of the management database, secrets masked.
std::string told(const Error& error);

}  // namespace cpi::import
