#include "source/sftp_settings.h"

#include <nlohmann/json.hpp>

namespace cpi::source {

namespace {

using nlohmann::json;

json object_of(std::string_view text) {
  const json parsed = json::parse(text, nullptr, false);
  return parsed.is_object() ? parsed : json::object();
}

std::string text_of(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

int port_of(const json& object) {
  const auto found = object.find("port");
  return found != object.end() && found->is_number_integer() ? found->get<int>() : 22;
}

bool has_credentials(const json& object) {
  return !text_of(object, "password").empty() || !text_of(object, "key_path").empty();
}

bool same_server(const json& stored, const json& given) {
  return (!given.contains("host") || text_of(given, "host") == text_of(stored, "host")) &&
         (!given.contains("port") || port_of(given) == port_of(stored));
}

/// The override's key that would lead the stored credentials to another server, or null.
const char* led_astray(const json& stored, const json& given) {
  if (!has_credentials(stored) || has_credentials(given)) return nullptr;
  if (given.contains("host") && text_of(given, "host") != text_of(stored, "host")) return "host";
  if (given.contains("port") && port_of(given) != port_of(stored)) return "port";
  if (given.contains("host_key") && text_of(given, "host_key") != text_of(stored, "host_key")) return "host_key";
  return nullptr;
}

}  // namespace

std::string SftpSettings::address() const {
  const bool bare_ipv6 = host.find(':') != std::string::npos && !host.starts_with('[');
  return (bare_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string SftpSettings::path_of(std::string_view relative) const {
  if (relative.empty()) return remote_path.empty() ? "/" : remote_path;
  return remote_path + "/" + std::string(relative);
}

Result<SftpSettings> parse_sftp_settings(std::string_view stored_text, std::string_view override_text) {
  const json stored = object_of(stored_text);
  const json given = object_of(override_text);
  if (const char* key = led_astray(stored, given)) {
    return Error{Code::kInvalidConfig,
                 std::string("sftp_override.") + key +
                     " is not that of the project's source, whose credentials are for that server alone",
                 "", "Give sftp_override a password or a key_path of its own."};
  }
  json all = stored;
  // Credentials belong together: a password given for this job is not meant for a key that is stored, and conversely.
  if (has_credentials(given)) {
    all.erase("password");
    all.erase("key_path");
  }
  // A key that was stored is its server's; that unknown ones are refused is meant for every server.
  if (!same_server(stored, given) && text_of(stored, "host_key") != "strict") all.erase("host_key");
  for (const auto& [key, value] : given.items()) all[key] = value;

  SftpSettings settings;
  settings.host = text_of(all, "host");
  settings.port = port_of(all);
  settings.username = text_of(all, "username");
  settings.password = text_of(all, "password");
  settings.key_path = text_of(all, "key_path");
  settings.remote_path = all.contains("remote_path") ? text_of(all, "remote_path") : "/";
  settings.host_key = text_of(all, "host_key");
  if (settings.remote_path.empty()) settings.remote_path = "/";
  while (settings.remote_path.ends_with('/')) settings.remote_path.pop_back();
  if (settings.host.empty()) return Error{Code::kInvalidConfig, "the SFTP source has no host", "", "Give it a host."};
  if (settings.username.empty()) {
    return Error{Code::kInvalidConfig, "the SFTP source \"" + settings.address() + "\" has no username", "",
                 "Give it a username."};
  }
  if (settings.password.empty() && settings.key_path.empty()) {
    return Error{Code::kInvalidConfig,
                 "the SFTP source \"" + settings.address() + "\" has neither a password nor a key_path", "",
                 "Give it a password, or the path of a private key on the agent's machine."};
  }
  return settings;
}

}  // namespace cpi::source
