// Reading a file of an SFTP server into the spool, with many reads in flight: each answer takes a round trip, which one
// read at a time would have to wait for.
#include <fcntl.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <vector>

#include "source/iso_time.h"
#include "source/sftp_files.h"

namespace cpi::source {

namespace {

/// What every server answers in one piece, and OpenSSH's own client asks for.
constexpr std::uint32_t kReadBytes = 32768;
constexpr std::size_t kReadsInFlight = 64;

struct CloseFile {
  void operator()(sftp_file file) const { ::sftp_close(file); }
};
using RemoteHandle = std::unique_ptr<sftp_file_struct, CloseFile>;

std::string told(const RemoteFacts& facts) {
  return std::to_string(facts.size) + " bytes of " + iso_time({static_cast<std::time_t>(facts.modified_seconds), 0});
}

Error changed(const std::string& path, std::string detail) {
  return {Code::kFileChanged, "file \"" + path + "\" changed while it was being fetched", std::move(detail),
          "Let its producer write to another name and rename it when it is complete."};
}

Result<void> check_same(SftpConnection& connection, const std::string& path, const RemoteFacts& expected) {
  const Result<RemoteFacts> now = look_at(connection, path);
  if (!now.ok()) {
    return now.error().code == Code::kFileNotFound ? changed(path, "It is gone.") : now.error();
  }
  if (now->same_bytes(expected)) return {};
  return changed(path, "It had " + told(expected) + " and has " + told(*now) + ".");
}

/// A read that was asked for and not answered yet.
struct Read {
  std::uint32_t id;
  std::int64_t offset;
  std::uint32_t size;
};

class Transfer {
 public:
  Transfer(SftpConnection& connection, const std::string& path, sftp_file file, std::int64_t size, SpoolFile& spool)
      : connection_(connection), path_(path), file_(file), size_(size), spool_(spool), buffer_(kReadBytes) {}

  Result<void> run() {
    SftpConnection::Question question(connection_);
    for (;;) {
      while (reads_.size() < kReadsInFlight && asked_ < size_) {
        const auto wanted = static_cast<std::uint32_t>(std::min<std::int64_t>(kReadBytes, size_ - asked_));
        if (Result<void> sent = ask(asked_, wanted); !sent.ok()) return sent;
        asked_ += wanted;
      }
      if (reads_.empty()) return check_end();
      const Read read = reads_.front();
      reads_.pop_front();
      const int got = ::sftp_async_read(file_, buffer_.data(), read.size, read.id);
      if (got < 0) return connection_.failure(subject());
      if (got == 0) {
        return changed(path_, "The server announced " + std::to_string(size_) + " bytes and has no byte at " +
                                  std::to_string(read.offset) + ".");
      }
      question.again();
      const auto bytes = static_cast<std::uint32_t>(got);
      if (Result<void> kept = spool_.write(buffer_.data(), bytes, read.offset); !kept.ok()) return kept;
      // A server may answer with less than was asked for; the rest is asked for by itself.
      if (bytes < read.size) {
        if (Result<void> sent = ask(read.offset + bytes, read.size - bytes); !sent.ok()) return sent;
      }
    }
  }

 private:
  /// Behind the last byte that was announced there must be none. Without this, a server whose listing is out of date,
  /// or lies, would have us load a part.
  Result<void> check_end() {
    if (Result<void> sent = ask(size_, 1); !sent.ok()) return sent;
    const Read read = reads_.front();
    reads_.pop_front();
    const int got = ::sftp_async_read(file_, buffer_.data(), read.size, read.id);
    if (got < 0) return connection_.failure(subject());
    if (got == 0) return {};
    return changed(path_, "The server announced " + std::to_string(size_) + " bytes and has more than that.");
  }

  std::string subject() const { return "file \"" + path_ + "\""; }

  Result<void> ask(std::int64_t offset, std::uint32_t size) {
    // libssh moves the handle's own offset along, and back again at a short answer: with several reads in flight that
    // is wrong, so each says where it reads.
    const int sought = ::sftp_seek64(file_, static_cast<std::uint64_t>(offset));
    const int id = sought < 0 ? -1 : ::sftp_async_read_begin(file_, size);
    if (id < 0) return connection_.failure(subject());
    reads_.push_back({static_cast<std::uint32_t>(id), offset, size});
    return {};
  }

  SftpConnection& connection_;
  const std::string& path_;
  sftp_file file_;
  const std::int64_t size_;
  SpoolFile& spool_;
  std::vector<char> buffer_;
  std::deque<Read> reads_;
  std::int64_t asked_ = 0;
};

}  // namespace

Result<SpoolFile> fetch_file(SftpConnection& connection, const std::string& path, const RemoteFacts& expected,
                             Spool& spool, const std::stop_token& stop) {
  if (Result<void> same = check_same(connection, path, expected); !same.ok()) return same.error();
  Result<SpoolFile> spooled = spool.take(expected.size, stop);
  if (!spooled.ok()) {
    Error error = spooled.error();
    error.message = "file \"" + path + "\": " + error.message;
    return error;
  }
  RemoteHandle file;
  {
    const SftpConnection::Question question(connection);
    file.reset(::sftp_open(connection.get(), path.c_str(), O_RDONLY, 0));
  }
  if (!file) return connection.failure("file \"" + path + "\"");
  if (Result<void> read = Transfer(connection, path, file.get(), expected.size, *spooled).run(); !read.ok()) {
    // Answers are on their way that nobody waits for; the session is of no more use, and closing would wait for them.
    connection.abandon();
    return read.error();
  }
  const Result<void> same = check_same(connection, path, expected);
  const SftpConnection::Question question(connection);
  file.reset();
  if (!same.ok()) return same.error();
  return spooled;
}

}  // namespace cpi::source
