#include "job/manifest.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>
#include <utility>

#include "job/after_import.h"
#include "store/session.h"

namespace cpi::job {

namespace {

/// A file on a server is uploaded more slowly than one of this machine is written.
constexpr double kRemoteStableSeconds = 5;

/// The path's directory with its '/', or "".
std::string_view directory_of(std::string_view path) { return path.substr(0, path.rfind('/') + 1); }
std::string_view name_of(std::string_view path) { return path.substr(path.rfind('/') + 1); }

bool patterns_have_directories(const config::ProjectConfig& config) {
  if (config.file_pattern.find('/') != std::string::npos) return true;
  return std::any_of(config.tables.begin(), config.tables.end(),
                     [](const config::TableRule& rule) { return rule.file_pattern.find('/') != std::string::npos; });
}

/// The config's inline SFTP source as JSON.
std::string sftp_object(const std::string& config) {
  const nlohmann::json document = nlohmann::json::parse(config, nullptr, false);
  return document.is_object() && document.contains("sftp") ? document["sftp"].dump() : "";
}

/// `done_file` is a name beside the file; a `*` in it stands for the file's name, with or without its extension.
bool is_done(const std::string& done_file, const std::string& path, const std::set<std::string>& present) {
  const std::string directory(directory_of(path));
  const std::size_t star = done_file.find('*');
  if (star == std::string::npos) return present.contains(directory + done_file);
  const std::string_view name = name_of(path);
  for (std::string_view stem : {name, name.substr(0, name.rfind('.'))}) {
    std::string marker = done_file;
    marker.replace(star, 1, stem);
    if (present.contains(directory + marker)) return true;
  }
  return false;
}

struct Candidate {
  source::Entry entry;
  std::string schema;
  std::string table;
};

/// The newest file of each table stays; of two with the same time, the one whose name comes last.
void keep_latest(std::vector<Candidate>& candidates) {
  std::map<std::pair<std::string, std::string>, const Candidate*> newest;
  for (const Candidate& candidate : candidates) {
    const Candidate*& best = newest[{candidate.schema, candidate.table}];
    if (best == nullptr || std::pair(best->entry.modified_at, best->entry.path) <
                               std::pair(candidate.entry.modified_at, candidate.entry.path)) {
      best = &candidate;
    }
  }
  std::set<std::string> kept;
  for (const auto& [table, candidate] : newest) kept.insert(candidate->entry.path);
  std::erase_if(candidates, [&kept](const Candidate& candidate) { return !kept.contains(candidate.entry.path); });
}

/// Waits `seconds` and drops the files whose size or time changed meanwhile: somebody is still writing them.
Result<std::size_t> drop_unstable(std::vector<Candidate>& candidates, double seconds, source::Source& source,
                                  const std::stop_token& stop) {
  if (candidates.empty() || seconds <= 0) return std::size_t{0};
  if (!store::sleep_for(std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000)), stop)) {
    return Error{Code::kStopped, "stopped while waiting for files to become stable", "", ""};
  }
  Result<std::vector<source::Entry>> again = source.list();
  if (!again.ok()) return again.error();
  std::map<std::string, const source::Entry*> now;
  for (const source::Entry& entry : *again) now[entry.path] = &entry;
  return std::erase_if(candidates, [&now](const Candidate& candidate) {
    const auto found = now.find(candidate.entry.path);
    return found == now.end() || found->second->size != candidate.entry.size ||
           found->second->modified_at != candidate.entry.modified_at;
  });
}

std::string count_of(std::size_t n, const char* what) { return std::to_string(n) + " " + what + (n == 1 ? "" : "s"); }

store::ManifestEntry manifest_entry(const source::Entry& entry, const std::string& table) {
  store::ManifestEntry out;
  out.path = entry.path;
  // A named file that is missing has no time: its row keeps null, and fetching it will say so.
  if (!entry.modified_at.empty()) {
    out.size = entry.size;
    out.modified_at = entry.modified_at;
  }
  out.table_name = table;
  return out;
}

}  // namespace

config::TableOptions options_of(const config::ProjectConfig& config, const std::string& path) {
  return config::options_for(config, path).value_or(config.defaults);
}

bool is_remote(const config::ProjectConfig& config, const store::Claim& claim) {
  if (!claim.local_files.empty()) return false;
  return !claim.sftp_override.empty() || !claim.source.empty() || (config.has_sftp && config.local_path.empty());
}

Result<std::unique_ptr<source::Source>> open_source(const config::ProjectConfig& config, const store::Claim& claim,
                                                    const std::vector<std::filesystem::path>& roots,
                                                    const RemoteAccess* remote) {
  if (is_remote(config, claim)) {
    if (remote == nullptr) {
      return Error{Code::kInvalidConfig, "project \"" + claim.project + "\" has a remote source", "",
                   "Only an agent (cpi serve) reads remote sources."};
    }
    Result<source::SftpSettings> settings = source::parse_sftp_settings(
        claim.source.empty() ? sftp_object(claim.config) : claim.source, claim.sftp_override);
    if (!settings.ok()) return settings.error();
    return source::make_sftp_source(std::move(*settings), remote->sftp, remote->spool,
                                    patterns_have_directories(config), remote->stop);
  }
  if (!claim.local_files.empty()) {
    if (roots.empty()) {
      return Error{Code::kFileNotAllowed, "this agent may read no local files", "",
                   "Set CPI_LOCAL_ROOTS for the agent."};
    }
    // Where the agent happens to have been started means nothing to whoever names the files.
    const std::filesystem::path home =
        config.local_path.empty() ? roots.front() : std::filesystem::path(config.local_path);
    return source::make_named_files_source(roots, home / claim.local_files_base_path, claim.local_files);
  }
  if (!config.local_path.empty()) {
    return source::make_local_source(roots, config.local_path, patterns_have_directories(config));
  }
  return Error{
      Code::kInvalidConfig, "project \"" + claim.project + "\" has no source of files", "",
      "Give the project a source_id, set local.path or sftp in its config, or name local_files in the request."};
}

Result<Listing> list_files(const config::ProjectConfig& config, const store::Claim& claim, source::Source& source,
                           const std::stop_token& stop) {
  Result<std::vector<source::Entry>> listed = source.list();
  if (!listed.ok()) return listed.error();
  Listing listing;

  if (!claim.only_files.empty()) {
    for (const std::string& path : claim.only_files) {
      const auto found =
          std::find_if(listed->begin(), listed->end(), [&](const auto& entry) { return entry.path == path; });
      const source::Entry entry = found == listed->end() ? source::Entry{path, -1, ""} : *found;
      listing.files.push_back(
          manifest_entry(entry, config::table_name_for(config.table_naming, options_of(config, path), path)));
    }
    return listing;
  }
  if (!claim.local_files.empty()) {
    std::set<std::string> named;  // the same file named twice is one file
    for (const source::Entry& entry : *listed) {
      if (!named.insert(entry.path).second) continue;
      listing.files.push_back(manifest_entry(
          entry, config::table_name_for(config.table_naming, options_of(config, entry.path), entry.path)));
    }
    return listing;
  }

  const bool remote = is_remote(config, claim);
  std::set<std::string> present;
  for (const source::Entry& entry : *listed) present.insert(entry.path);
  std::vector<Candidate> candidates;
  std::size_t waiting = 0;
  for (const source::Entry& entry : *listed) {
    if (is_put_aside(entry.path)) continue;
    const std::optional<config::TableOptions> options = config::options_for(config, entry.path);
    if (!options) continue;
    if (!config.done_file.empty() && !is_done(config.done_file, entry.path, present)) {
      ++waiting;
      continue;
    }
    candidates.push_back({entry, options->schema, config::table_name_for(config.table_naming, *options, entry.path)});
  }
  if (config.latest_only) keep_latest(candidates);
  Result<std::size_t> unstable =
      drop_unstable(candidates, config.stable_seconds.value_or(remote ? kRemoteStableSeconds : 0), source, stop);
  if (!unstable.ok()) return unstable.error();

  for (const Candidate& candidate : candidates)
    listing.files.push_back(manifest_entry(candidate.entry, candidate.table));
  if (waiting > 0)
    listing.note = count_of(waiting, "file") + " without done_file \"" + config.done_file + "\" left for later";
  if (*unstable > 0) {
    if (!listing.note.empty()) listing.note += "; ";
    listing.note += count_of(*unstable, "file") + " still being written left for later";
  }
  if (listing.files.empty() && listing.note.empty()) {
    const std::string place = remote ? "the source's directory" : "\"" + config.local_path + "\"";
    listing.note = "no file matched: " + count_of(listed->size(), "file") + " in " + place +
                   ", and no pattern such as \"" + config.file_pattern + "\" chose one";
  }
  return listing;
}

}  // namespace cpi::job
