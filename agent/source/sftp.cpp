#include "source/sftp.h"

#include <sys/stat.h>

#include <utility>

#include "source/sftp_files.h"

namespace cpi::source {

namespace {

bool same_entry(const Entry& a, const Entry& b) {
  return a.path == b.path && a.size == b.size && a.modified_at == b.modified_at;
}

Error not_there(const std::string& path, const std::string& address) {
  return {Code::kFileNotFound, "file \"" + path + "\" on SFTP server \"" + address + "\" does not exist", "", ""};
}

class SftpSource final : public Source {
 public:
  SftpSource(SftpSettings settings, SftpAccess access, Spool& spool, bool recursive, std::stop_token stop)
      : settings_(std::move(settings)),
        access_(std::move(access)),
        spool_(spool),
        recursive_(recursive),
        stop_(std::move(stop)) {}

  Result<std::vector<Entry>> list() override {
    Result<std::vector<Entry>> listed = connected<std::vector<Entry>>(
        [this](SftpConnection& connection) { return list_directory(connection, settings_.path_of(""), recursive_); });
    if (listed.ok() || listed.error().code != Code::kFileNotFound) return listed;
    Error error = listed.error();
    error.hint = "Set remote_path to a directory that user \"" + settings_.username + "\" sees on that server.";
    return error;
  }

  Result<std::unique_ptr<File>> fetch(const Entry& entry, std::stop_token stop) override;

  Result<Entry> look(const Entry& entry) override {
    Result<RemoteFacts> facts = look_at_file(entry.path);
    if (!facts.ok()) return facts.error();
    return entry_of(entry.path, *facts);
  }

  std::string put_aside(const Entry& entry, const Aside& aside) override {
    const std::optional<RemoteFacts> loaded = facts_of(entry);
    if (!loaded) return "";  // it was missing when it was listed: there is nothing to put aside
    const std::size_t slash = entry.path.rfind('/');
    const std::string directory =
        settings_.path_of(slash == std::string::npos ? "" : std::string_view(entry.path).substr(0, slash));
    const std::string name = entry.path.substr(slash == std::string::npos ? 0 : slash + 1);
    const Result<std::string> done = connected<std::string>([&](SftpConnection& connection) -> Result<std::string> {
      std::string why = put_file_aside(connection, directory, name, *loaded, aside);
      // Done half or not at all: what is left to do is found out by looking again.
      if (!why.empty() && !connection.alive()) return Error{Code::kSourceUnreachable, std::move(why), "", ""};
      return why;
    });
    if (done.ok()) return *done;
    return "file \"" + settings_.path_of(entry.path) + "\" was left in place: " + done.error().message;
  }

  /// For a file that was fetched: the same by name still? Asked within the target's transaction, so no new session is
  /// made for it. Without an answer the bytes stand as they are: they were whole, and what has become of the file since
  /// is looked at again before it is put aside.
  Result<void> unchanged(const Entry& entry) {
    if (!connection_ || !connection_->alive()) return {};
    const Result<RemoteFacts> now = look_at(*connection_, settings_.path_of(entry.path));
    if (!now.ok() && now.error().code != Code::kFileNotFound) return {};
    if (now.ok() && now->same_bytes(*facts_of(entry))) return {};
    return Error{Code::kFileChanged, "file \"" + entry.path + "\" changed while it was being imported",
                 now.ok() ? "It had " + std::to_string(entry.size) + " bytes of " + entry.modified_at + " and has " +
                                std::to_string(now->size) + " bytes of " + entry_of("", *now).modified_at + "."
                          : "It is gone.",
                 "Let its producer write to another name and rename it when it is complete."};
  }

 private:
  /// Calls with the job's session. One that was used before may have died since: then once more with a new one.
  template <typename T, typename Call>
  Result<T> connected(const Call& call) {
    bool reused = connection_ != nullptr;
    if (reused && !connection_->alive()) connection_.reset(), reused = false;
    for (;;) {
      if (!connection_) {
        Result<std::unique_ptr<SftpConnection>> opened = SftpConnection::open(settings_, access_, stop_);
        if (!opened.ok()) return opened.error();
        connection_ = std::move(*opened);
      }
      Result<T> result = call(*connection_);
      const bool died = !connection_->alive();
      if (died) connection_.reset();
      if (result.ok() || !died || !reused || result.error().code != Code::kSourceUnreachable) return result;
      reused = false;
    }
  }

  Result<RemoteFacts> look_at_file(const std::string& path) {
    if (path.find("\xEF\xBF\xBD") != std::string::npos) {
      return Error{Code::kFileNotAllowed, "the name of file \"" + path + "\" is not UTF-8 on the server", "",
                   "Rename it there."};
    }
    Result<RemoteFacts> facts = connected<RemoteFacts>(
        [&](SftpConnection& connection) { return look_at(connection, settings_.path_of(path)); });
    if (!facts.ok() && facts.error().code == Code::kFileNotFound) return not_there(path, settings_.address());
    if (facts.ok() && facts->kind != RemoteFacts::Kind::kRegular) {
      return Error{Code::kFileNotAllowed, "\"" + settings_.path_of(path) + "\" is no regular file", "", ""};
    }
    return facts;
  }

  const SftpSettings settings_;
  const SftpAccess access_;
  Spool& spool_;
  const bool recursive_;
  const std::stop_token stop_;
  std::unique_ptr<SftpConnection> connection_;
  std::weak_ptr<SpoolFile> last_;  ///< what was fetched last, while somebody has it
  Entry last_entry_;
};

/// A fetched file: its bytes lie in the spool.
class SpooledFile final : public File {
 public:
  SpooledFile(Entry entry, std::shared_ptr<SpoolFile> spooled, SftpSource& source)
      : entry_(std::move(entry)), spooled_(std::move(spooled)), source_(source) {}

  const Entry& entry() const override { return entry_; }
  int descriptor() const override { return spooled_->descriptor(); }
  std::int64_t size() const override {
    struct stat now {};
    return ::fstat(spooled_->descriptor(), &now) == 0 ? static_cast<std::int64_t>(now.st_size) : -1;
  }
  Result<void> unchanged() const override { return source_.unchanged(entry_); }

 private:
  Entry entry_;
  std::shared_ptr<SpoolFile> spooled_;
  SftpSource& source_;
};

Result<std::unique_ptr<File>> SftpSource::fetch(const Entry& entry, std::stop_token stop) {
  const Result<RemoteFacts> now = look_at_file(entry.path);
  if (!now.ok()) return now.error();
  const std::optional<RemoteFacts> listed = facts_of(entry);
  const Entry found = entry_of(entry.path, *now);
  if (listed && !now->same_bytes(*listed)) {
    return Error{Code::kFileChanged, "file \"" + entry.path + "\" changed since it was listed",
                 "It was listed with " + std::to_string(entry.size) + " bytes of " + entry.modified_at + " and has " +
                     std::to_string(found.size) + " bytes of " + found.modified_at + ".",
                 "Let its producer write to another name and rename it when it is complete."};
  }
  if (std::shared_ptr<SpoolFile> last = last_.lock(); last && same_entry(last_entry_, found)) {
    return std::unique_ptr<File>(std::make_unique<SpooledFile>(found, std::move(last), *this));
  }
  Result<SpoolFile> spooled = connected<SpoolFile>([&](SftpConnection& connection) {
    return fetch_file(connection, settings_.path_of(entry.path), *now, spool_, stop);
  });
  if (!spooled.ok()) return spooled.error();
  auto kept = std::make_shared<SpoolFile>(std::move(*spooled));
  last_ = kept;
  last_entry_ = found;
  return std::unique_ptr<File>(std::make_unique<SpooledFile>(found, std::move(kept), *this));
}

}  // namespace

std::unique_ptr<Source> make_sftp_source(SftpSettings settings, SftpAccess access, Spool& spool, bool recursive,
                                         std::stop_token stop) {
  return std::make_unique<SftpSource>(std::move(settings), std::move(access), spool, recursive, std::move(stop));
}

}  // namespace cpi::source
