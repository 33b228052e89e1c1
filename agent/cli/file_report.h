// What a person reads after an import: a table with a line per file, then what went wrong and how to mend it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "import/load.h"

namespace cpi::cli {

/// file, table, read, inserted, updated, skipped, duplicates, rejected, seconds, rows/s: aligned columns, a line per
/// file and a total where there are several.
std::string summary_table(const std::vector<import::LoadResult>& results);

/// Warnings, the error with its detail and hint, and the first rejected rows; empty when there is nothing to say.
/// `rejects_file` is where all rejects went, or empty; `dry_run`: the load was taken back.
std::string remarks(const import::LoadResult& result, const std::string& rejects_file, bool dry_run = false);

/// How many of `total` rejected rows were written to `file`, and why not all: `kept` of them are known, `whole` of
/// those are there with their whole text.
std::string rejects_written(std::int64_t whole, std::int64_t kept, std::int64_t total, const std::string& file);

/// That a load gave a column of the table a wider type.
std::string widened_line(const std::string& table, const std::string& column, const std::string& from,
                         const std::string& to);

/// An error for a terminal: message, then DETAIL and HINT lines as psql prints them.
std::string error_text(const Error& error);

/// 0 all loaded, 1 nothing loaded, 3 some files failed or rows were rejected.
int exit_code_of(const std::vector<import::LoadResult>& results);

}  // namespace cpi::cli
