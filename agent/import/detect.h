// How a file is written where the options say "auto": the sniffer's choice, held against what the project's files
// before it were, and reported. Also what to advise when a file could not be loaded as the options say.
#pragma once

#include <nlohmann/json.hpp>
#include <stop_token>
#include <string>
#include <vector>

#include "core/config/model.h"
#include "core/csv/sniffer/sniffer.h"
#include "core/result.h"
#include "source/source.h"

namespace cpi::import {

/// What detection found out.
struct Detection {
  config::TableOptions options;  ///< with what was found in the place of each "auto"
  /// For the file result: the six options as they are used, and under "detected", for each that was "auto",
  /// {"certainty", "runner_up"}.
  nlohmann::json report;
  /// For the project: the options that were "auto" and that this file, or one before it, has shown; under "certainty"
  /// how certain those are that were doubtful at first, under "columns" the first names of a header. {} when none.
  nlohmann::json learned;
  std::vector<std::string> warnings;  ///< choices that are not certain, and what was left out
};

/// Finds out what is "auto". `stored` is the `learned` of the table's files before this one, {} or null when there is
/// none; where it fits the file as well as anything else does, it is taken. Fails with kDialectChanged when it does
/// not, unless `accept_change`; with kDialectUnclear, kUnknownEncoding, kInvalidHeader (an empty file) or
/// kFileUnreadable.
Result<Detection> detect(const source::File& file, const config::TableOptions& options, const nlohmann::json& stored,
                         bool accept_change, std::stop_token stop);

/// What to change in the options so that the file fits better, as sentences; empty when nothing is clearly better.
/// `table_width` becomes the number of columns that the file would have then.
std::string advice(const source::File& file, const config::TableOptions& options, const std::stop_token& stop,
                   std::size_t* table_width = nullptr);

}  // namespace cpi::import
