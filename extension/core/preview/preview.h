// What a text would be read as: its dialect, its columns with the types that their values allow, its first rows and
// what would be rejected. Pure; the caller bounds the text, and memory is a small multiple of it.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string_view>

#include "core/config/model.h"
#include "core/csv/sniffer/sniffer.h"
#include "core/result.h"

namespace cpi::preview {

using Json = nlohmann::ordered_json;

/// The largest text that is looked at.
inline constexpr std::size_t kMostBytes = std::size_t{16} << 20;

/// Asked now and then; true makes the work stop with kStopped.
using Interrupted = std::function<bool()>;

/// {"dialect", "columns", "rows_looked_at", "rows_fitting", "rows_read", "rejected", "complete", "config", "warnings"}:
/// all that `cpi_sniff` and `cpi sniff --json` say of a file. `bytes` are its beginning, in the encoding that was
/// found, from which the columns' types come; `complete`: they are the whole file.
Result<Json> describe(const csv::Sniffed& found, std::string_view bytes, bool complete, const Interrupted& interrupted);

/// {"dialect", "columns", "rows", "rejects", "rows_read", "rejected", "complete", "warnings", "problems"}: the first
/// `most` rows of `text` (UTF-8) and the rejects among them, as an import with these options would read them, and with
/// what would stop it before the first row. Fails with the reader's and sniffer's errors.
Result<Json> preview(std::string_view text, const config::TableOptions& options, std::size_t most,
                     const Interrupted& interrupted);

}  // namespace cpi::preview
