// Looking at names of an SFTP server: one, or a tree of them.
#include <algorithm>
#include <memory>

#include "core/text/utf8.h"
#include "source/iso_time.h"
#include "source/sftp_files.h"

namespace cpi::source {

namespace {

constexpr std::size_t kMostNames = 250'000;
constexpr int kMostDepth = 64;

struct FreeAttributes {
  void operator()(sftp_attributes attributes) const { ::sftp_attributes_free(attributes); }
};
using Attributes = std::unique_ptr<sftp_attributes_struct, FreeAttributes>;

struct CloseDirectory {
  void operator()(sftp_dir directory) const { ::sftp_closedir(directory); }
};

RemoteFacts::Kind kind_of(const sftp_attributes_struct& attributes) {
  switch (attributes.type) {
    case SSH_FILEXFER_TYPE_REGULAR: return RemoteFacts::Kind::kRegular;
    case SSH_FILEXFER_TYPE_DIRECTORY: return RemoteFacts::Kind::kDirectory;
    default: return RemoteFacts::Kind::kOther;
  }
}

RemoteFacts facts_of_attributes(const sftp_attributes_struct& attributes) {
  RemoteFacts facts;
  facts.kind = kind_of(attributes);
  facts.size = static_cast<std::int64_t>(std::min<std::uint64_t>(attributes.size, INT64_MAX));
  if ((attributes.flags & SSH_FILEXFER_ATTR_ACMODTIME) != 0) facts.modified_seconds = attributes.mtime;
  return facts;
}

/// Whether a listing says all that we need: small servers leave things out that they tell when asked for the one name.
bool says_enough(const sftp_attributes_struct& attributes) {
  constexpr std::uint32_t kNeeded =
      SSH_FILEXFER_ATTR_PERMISSIONS | SSH_FILEXFER_ATTR_SIZE | SSH_FILEXFER_ATTR_ACMODTIME;
  return (attributes.flags & kNeeded) == kNeeded;
}

/// The manifest is text: what is no UTF-8 cannot be in it.
std::string presentable(const std::string& path) {
  if (text::valid_utf8(path)) return path;
  std::string out;
  text::append_replacing_invalid(path, out);
  return out;
}

/// Names that cannot be ones of a directory's content: the server lies.
bool is_plausible(std::string_view name) { return !name.empty() && name.find('/') == std::string_view::npos; }

class Lister {
 public:
  Lister(SftpConnection& connection, std::string top, bool recursive)
      : connection_(connection), top_(std::move(top)), recursive_(recursive) {}

  Result<std::vector<Entry>> run() {
    if (Result<void> listed = list("", 0); !listed.ok()) return listed.error();
    std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) { return a.path < b.path; });
    return std::move(entries_);
  }

 private:
  std::string full(const std::string& relative) const {
    if (relative.empty()) return top_;
    return top_ == "/" ? "/" + relative : top_ + "/" + relative;
  }

  Result<void> list(const std::string& relative, int depth) {
    // Below the first one: listed whole before the next is opened, so that one handle is open at a time.
    std::vector<std::string> directories;
    if (Result<void> read = read_names(relative, directories); !read.ok()) return read;
    if (!recursive_ || depth >= kMostDepth) return {};
    for (const std::string& directory : directories) {
      Result<void> listed = list(directory, depth + 1);
      if (!listed.ok() && listed.error().code != Code::kFileNotFound) return listed;  // gone since it was listed
    }
    return {};
  }

  Result<void> read_names(const std::string& relative, std::vector<std::string>& directories) {
    const std::string path = full(relative);
    const std::string what = "directory \"" + path + "\"";
    SftpConnection::Question question(connection_);
    const std::unique_ptr<sftp_dir_struct, CloseDirectory> directory(::sftp_opendir(connection_.get(), path.c_str()));
    if (!directory) return connection_.failure(what);
    for (;;) {
      const Attributes item(::sftp_readdir(connection_.get(), directory.get()));
      question.again();
      if (!item) break;
      const std::string name = item->name != nullptr ? item->name : "";
      // Hidden files are other programs' work in progress, and as in a shell `*` does not mean them.
      if (!is_plausible(name) || name.front() == '.') continue;
      if (++names_ > kMostNames) {
        return Error{Code::kLimitExceeded, what + " holds more than " + std::to_string(kMostNames) + " names", "",
                     "Name a directory with fewer files in remote_path."};
      }
      const std::string below = relative.empty() ? name : relative + "/" + name;
      RemoteFacts facts = facts_of_attributes(*item);
      if (!says_enough(*item)) {
        Result<RemoteFacts> asked = look_at(connection_, full(below));
        question.again();
        if (!asked.ok()) {
          if (connection_.alive()) continue;
          return asked.error();
        }
        facts = *asked;
      }
      if (facts.kind == RemoteFacts::Kind::kDirectory) directories.push_back(below);
      if (facts.kind == RemoteFacts::Kind::kRegular) entries_.push_back(entry_of(presentable(below), facts));
    }
    if (::sftp_dir_eof(directory.get()) == 0) return connection_.failure(what);
    return {};
  }

  SftpConnection& connection_;
  const std::string top_;
  const bool recursive_;
  std::size_t names_ = 0;
  std::vector<Entry> entries_;
};

}  // namespace

Result<RemoteFacts> look_at(SftpConnection& connection, const std::string& path) {
  const SftpConnection::Question question(connection);
  const Attributes attributes(::sftp_lstat(connection.get(), path.c_str()));
  if (!attributes) return connection.failure("\"" + path + "\"");
  RemoteFacts facts = facts_of_attributes(*attributes);
  // A server that keeps the kinds of its files to itself has files and directories; the latter can be listed.
  if ((attributes->flags & SSH_FILEXFER_ATTR_PERMISSIONS) == 0) {
    const std::unique_ptr<sftp_dir_struct, CloseDirectory> directory(::sftp_opendir(connection.get(), path.c_str()));
    facts.kind = directory ? RemoteFacts::Kind::kDirectory : RemoteFacts::Kind::kRegular;
  }
  return facts;
}

Result<std::vector<Entry>> list_directory(SftpConnection& connection, const std::string& directory, bool recursive) {
  return Lister(connection, directory, recursive).run();
}

Entry entry_of(const std::string& path, const RemoteFacts& facts) {
  return {path, facts.size, iso_time({static_cast<std::time_t>(facts.modified_seconds), 0})};
}

std::optional<RemoteFacts> facts_of(const Entry& entry) {
  const auto time = parse_iso_time(entry.modified_at);
  if (!time) return std::nullopt;
  return RemoteFacts{RemoteFacts::Kind::kRegular, entry.size, *time / 1'000'000};
}

}  // namespace cpi::source
