// Putting files of an SFTP server aside. RENAME of SFTP version 3 does not replace a file (OpenSSH's posix-rename
// would): that is what we want, and we look before it, since not every server keeps to it.

#include "source/dated_name.h"
#include "source/sftp_files.h"

namespace cpi::source {

namespace {

std::string joined(const std::string& directory, const std::string& name) {
  return directory.ends_with('/') ? directory + name : directory + "/" + name;
}

/// Why it had to be left, or "".
class PutAside {
 public:
  PutAside(SftpConnection& connection, const std::string& directory, const std::string& name, const RemoteFacts& loaded)
      : connection_(connection), directory_(directory), from_(joined(directory, name)), loaded_(loaded) {}

  std::string run(const Aside& aside) {
    const Result<RemoteFacts> now = look_at(connection_, from_);
    if (!now.ok()) return now.error().code == Code::kFileNotFound ? "" : left(now.error().message);
    if (!now->same_bytes(loaded_)) return left("it has changed since, and the newer content waits");

    std::string to_directory = directory_;
    if (!aside.subdirectory.empty()) {
      to_directory = joined(directory_, aside.subdirectory);
      if (std::string why = make_directory(to_directory); !why.empty()) return left(why);
    }
    std::string to;
    if (std::string why = rename_new(to_directory, aside.name, to); !why.empty()) return left(why);
    // It may have been replaced between the look and the rename: then it goes back to its place.
    const Result<RemoteFacts> moved = look_at(connection_, to);
    if (moved.ok() && !moved->same_bytes(loaded_)) {
      return back(to, "it has changed since, and the newer content waits");
    }
    if (!aside.remove) return "";
    if (!moved.ok()) return left(moved.error().message);
    const SftpConnection::Question question(connection_);
    if (::sftp_unlink(connection_.get(), to.c_str()) == 0) return "";
    const std::string why = connection_.failure("deleting it").message;
    return back(to, why);
  }

 private:
  std::string left(const std::string& why) const { return "file \"" + from_ + "\" was left in place: " + why; }

  /// Undoes a rename. When its old place is taken by now, people must know where the file is.
  std::string back(const std::string& to, const std::string& why) {
    if (rename(to, from_)) return left(why);
    return "file \"" + from_ + "\" is now \"" + to + "\" and could not be moved back: " + why;
  }

  std::string make_directory(const std::string& path) {
    const Result<RemoteFacts> there = look_at(connection_, path);
    if (there.ok()) {
      return there->kind == RemoteFacts::Kind::kDirectory ? "" : "\"" + path + "\" is there and is no directory";
    }
    if (there.error().code != Code::kFileNotFound) return there.error().message;
    const SftpConnection::Question question(connection_);
    if (::sftp_mkdir(connection_.get(), path.c_str(), 0770) == 0) return "";
    const std::string why = connection_.failure("making directory \"" + path + "\"").message;
    const Result<RemoteFacts> by_another = look_at(connection_, path);
    return by_another.ok() && by_another->kind == RemoteFacts::Kind::kDirectory ? "" : why;
  }

  /// Renames to `name` in `directory`, or to one with a time when that is taken; `to` is the path that it has then.
  std::string rename_new(const std::string& directory, const std::string& name, std::string& to) {
    constexpr int kMostTries = 5;
    std::string why;
    for (int tries = 0; tries < kMostTries; ++tries) {
      to = joined(directory, tries == 0 ? name : dated_name(name, tries));
      const Result<RemoteFacts> taken = look_at(connection_, to);
      if (taken.ok()) {
        why = "\"" + to + "\" is there already";
        continue;
      }
      if (taken.error().code != Code::kFileNotFound) return taken.error().message;
      if (rename(from_, to)) return "";
      why = connection_.failure("renaming it to \"" + to + "\"").message;
      if (!connection_.alive() || connection_.status() != SSH_FX_FAILURE) return why;
    }
    return why;
  }

  bool rename(const std::string& from, const std::string& to) {
    const SftpConnection::Question question(connection_);
    return ::sftp_rename(connection_.get(), from.c_str(), to.c_str()) == 0;
  }

  SftpConnection& connection_;
  const std::string& directory_;
  const std::string from_;
  const RemoteFacts& loaded_;
};

}  // namespace

std::string put_file_aside(SftpConnection& connection, const std::string& directory, const std::string& name,
                           const RemoteFacts& loaded, const Aside& aside) {
  return PutAside(connection, directory, name, loaded).run(aside);
}

}  // namespace cpi::source
