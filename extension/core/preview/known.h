// Between a table's options and the sniffer: what the options say, what is left to be found, and what was found.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "core/config/model.h"
#include "core/csv/sniffer/sniffer.h"

namespace cpi::preview {

/// Whether an option says "auto".
bool wants_detection(const config::TableOptions& options);

/// What the options say themselves; comment, stop_at and trim always do.
csv::Known said(const config::TableOptions& options);

/// The options with what was found in the place of each "auto".
config::TableOptions resolved(config::TableOptions options, const csv::Sniffed& found);

/// One of the six options that may be "auto": its key in a config, whether it is, the sniffer's choice, and the value
/// as a config writes it. `choice` points into the `Sniffed` that it was made from.
struct Detectable {
  const char* key;
  bool automatic;
  const csv::Choice* choice;
  nlohmann::json value;
};
std::vector<Detectable> detectable(const config::TableOptions& options, const csv::Sniffed& found);

/// {"certainty", "runner_up"} of a choice, as the API shows it.
nlohmann::ordered_json choice_json(const csv::Choice& choice);

}  // namespace cpi::preview
