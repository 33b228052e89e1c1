// Where `cpi import --rejects` puts the rejected rows: a file that can be mended and imported (core/csv/rejects_csv.h).
#pragma once

#include <set>
#include <string>
#include <vector>

#include "core/csv/dialect.h"
#include "core/csv/row.h"
#include "core/result.h"
#include "core/text/encoding.h"

namespace cpi::cli {

/// The rows of one file that can be mended: those whose text is there whole. The first `reasons` columns of the file
/// say why its rows were rejected before; the new reason takes their place.
std::string rejects_csv(const csv::Dialect& dialect, std::vector<std::string> header,
                        const std::vector<csv::Reject>& rejects, std::size_t reasons = 0);

/// Writes `csv` (UTF-8) to `path` in the encoding of the file that the rows came from, replacing what is there when all
/// of it is written. Fails with kFileUnreadable; a regular file that was there is then as it was.
Result<void> write_rejects(const std::string& path, const std::string& csv, const text::FileEncoding& encoding);

/// Fails with kInvalidArgument where `path`, or with several inputs one of the names that rejects_path makes of it, is
/// one of the files that the rows come from, be it through links. To be asked before anything is done: rejects that
/// replaced their own file would take its good rows away.
Result<void> check_rejects_path(const std::string& path, const std::vector<std::string>& inputs);

/// What to say when no row was rejected and `path` was not written: that it is there from an earlier time; empty when
/// it is not.
std::string stale_rejects(const std::string& path);

/// Where the rejects of one of several files go: `path` with `name`, the file's, before its extension; with a number
/// where that is in `taken` (files of different directories may bear the same name), to which it is added.
std::string rejects_path(const std::string& path, const std::string& name, bool several, std::set<std::string>& taken);

}  // namespace cpi::cli
