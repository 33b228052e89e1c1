// Where the public CSV collections are that some tests read: $CPI_SHARED_DATA, else ../shared/data beside the project.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace cpi::csv {

inline std::filesystem::path shared_data() {
  const char* given = std::getenv("CPI_SHARED_DATA");
  return given != nullptr ? std::filesystem::path(given) : std::filesystem::path(CPI_SOURCE_DIR "/../shared/data");
}

inline std::string contents(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace cpi::csv

#define CPI_SKIP_WITHOUT(folder)                                                                             \
  if (!std::filesystem::exists(folder)) {                                                                    \
    GTEST_SKIP() << (folder).string() << " is absent; set CPI_SHARED_DATA to the folder of CSV collections"; \
  }
