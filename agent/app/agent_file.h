// CPI_DATA_DIR/agent.id: which agent of this directory ran last. A lock on the file lives as long as the process, so
// that whoever gets it knows that the agent named in it is gone, and may take over its jobs without waiting for their
// leases.
#pragma once

#include <filesystem>
#include <string>

namespace cpi::app {

/// Holds the lock until destroyed. Nothing here fails: without the file, as in a directory that cannot be written or
/// that another agent uses, there is no predecessor and nothing is remembered.
class AgentFile {
 public:
  explicit AgentFile(const std::filesystem::path& data_dir);
  AgentFile(const AgentFile&) = delete;
  AgentFile& operator=(const AgentFile&) = delete;
  ~AgentFile();

  /// The id of the agent whose process is gone; empty when there is none.
  const std::string& predecessor() const { return predecessor_; }
  /// To be called before agent `id` claims anything.
  void remember(const std::string& id) const;

 private:
  int file_ = -1;
  std::string predecessor_;
};

}  // namespace cpi::app
