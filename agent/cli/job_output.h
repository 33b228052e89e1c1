// How a job of the management database is shown to a person. Takes api.md's job objects; reads no database.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "store/jobs.h"

namespace cpi::cli {

/// The list of jobs, newest first, one line each.
std::string jobs_table(const nlohmann::json& jobs);

/// One job: its state and totals, a line per file, its errors, and the first rejected rows.
std::string job_report(const nlohmann::json& job, const store::FirstRejects& rejects);

/// One line on how far a running or waiting job is: a bar where the size is known.
std::string progress_line(const nlohmann::json& job);

/// 0 completed, 1 failed or cancelled, 3 partial.
int exit_code_of(const nlohmann::json& job);

}  // namespace cpi::cli
