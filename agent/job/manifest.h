// Which files a job loads: the project's source is listed once, by the first attempt, and what is found is frozen as
// the job's manifest. Decides by name, size and time only; opens no file.
#pragma once

#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "core/config/model.h"
#include "core/result.h"
#include "source/sftp.h"
#include "source/source.h"
#include "store/management.h"

namespace cpi::job {

/// How remote sources are reached, and where their files are kept meanwhile.
struct RemoteAccess {
  source::SftpAccess sftp;
  source::Spool& spool;  ///< must outlive the source
  std::stop_token stop;  ///< ends every wait for a server
};

/// Whether the job's files come from an SFTP server.
bool is_remote(const config::ProjectConfig& config, const store::Claim& claim);

/// The source that the request or the project names: the request's `local_files`, relative ones below
/// `local_files_base_path`, which may itself be relative to the config's `local.path` or else to the first root; else
/// its `sftp_override`, the project's source; else the config's `local`, or its `sftp`. Connects to nothing yet. Fails
/// with kInvalidConfig when there is none; anything else is the source's own error. `remote` is needed for remote ones
/// only.
Result<std::unique_ptr<source::Source>> open_source(const config::ProjectConfig& config, const store::Claim& claim,
                                                    const std::vector<std::filesystem::path>& roots,
                                                    const RemoteAccess* remote = nullptr);

struct Listing {
  std::vector<store::ManifestEntry> files;
  std::string note;  ///< why nothing, or less than what is there, was chosen; empty: nothing to say
};

/// Lists the source and chooses by patterns, exclude_pattern, done_file, latest_only and stable_seconds (for which it
/// may wait that long; `stop` ends the wait). Named files are all chosen, in the order of their names, missing ones
/// included.
Result<Listing> list_files(const config::ProjectConfig& config, const store::Claim& claim, source::Source& source,
                           const std::stop_token& stop);

/// The options for a file of the manifest; a named file that no pattern matches gets the defaults.
config::TableOptions options_of(const config::ProjectConfig& config, const std::string& path);

}  // namespace cpi::job
