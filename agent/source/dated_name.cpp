#include "source/dated_name.h"

#include <ctime>
#include <filesystem>

namespace cpi::source {

std::string dated_name(const std::string& name, int tries) {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char stamp[32];
  std::strftime(stamp, sizeof stamp, "-%Y%m%dT%H%M%SZ", &parts);
  const std::filesystem::path path(name);
  return path.stem().string() + stamp + (tries > 1 ? "-" + std::to_string(tries) : "") + path.extension().string();
}

}  // namespace cpi::source
