#include "declare/secret_file.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace cpi::declare {

namespace {

constexpr std::string_view kPrefix = "file:";
constexpr std::size_t kMostBytes = 64 << 10;

/// Whether `text` is any number of $, then file:.
bool is_escaped(std::string_view text) {
  const std::size_t start = text.find_first_not_of('$');
  return start != std::string_view::npos && start > 0 && text.substr(start).starts_with(kPrefix);
}

}  // namespace

bool read_secret(Node& secret, Problems& problems) {
  if (!secret.names_file) {
    if (!secret.substituted && is_escaped(secret.text)) secret.text.erase(0, 1);
    return true;
  }
  const std::filesystem::path written = secret.text.substr(kPrefix.size());
  const std::filesystem::path path = std::filesystem::path(secret.place.file).parent_path() / written;
  const auto fail = [&](const std::string& why, const std::string& hint) {
    problems.push_back({secret.place, "the secret's file \"" + path.string() + "\" " + why, hint});
    return false;
  };
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    return fail(error ? "cannot be read: " + error.message() : "is no regular file",
                "A relative path begins at the folder of the YAML file.");
  }
  std::ifstream in(path, std::ios::binary);
  std::string content(kMostBytes + 1, '\0');
  in.read(content.data(), static_cast<std::streamsize>(content.size()));
  if (in.bad() || !in.is_open()) return fail(std::string("cannot be read: ") + std::strerror(errno), "");
  content.resize(static_cast<std::size_t>(in.gcount()));
  if (content.size() > kMostBytes) return fail("is larger than 64 kB", "It must hold the secret and nothing else.");
  if (content.find('\0') != std::string::npos) return fail("holds a NUL character", "It must hold a text.");
  if (content.ends_with('\n')) content.pop_back();
  if (content.ends_with('\r')) content.pop_back();
  if (content.empty()) return fail("is empty", "");
  secret.text = std::move(content);
  secret.substituted = true;
  return true;
}

std::string escaped_secret(const std::string& secret) {
  return secret.starts_with(kPrefix) || is_escaped(secret) ? "$" + secret : secret;
}

}  // namespace cpi::declare
