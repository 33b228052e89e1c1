// What the rules look at: the options of one place of a config, and how a finding about them is told. Internal to
// core/config.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <string>
#include <utility>

#include "core/config/document.h"

namespace cpi::config {

/// The options of `defaults`, or of an entry of `tables` laid over them, and what the entry itself says.
struct Scope {
  Path path;
  Json options;  ///< with the defaults
  Json own;      ///< as written here
  Findings& findings;

  bool says(const std::string& key) const { return own.contains(key); }
  bool says_any(std::initializer_list<const char*> keys) const {
    return std::any_of(keys.begin(), keys.end(), [&](const char* key) { return says(key); });
  }
  std::string text(const std::string& key, const std::string& otherwise) const {
    return options.contains(key) && options[key].is_string() ? options[key].get<std::string>() : otherwise;
  }
  /// Only what this scope says is its fault; what it merely inherits is reported at the defaults.
  void report(const std::string& key, std::string rule, std::string message, std::string hint) const {
    Path place = path;
    place.push_back(key);
    findings.push_back({path_text(place), std::move(rule), std::move(message), std::move(hint)});
  }
};

/// A text of the config as messages show it: in quotes.
inline std::string shown(const std::string& text) {
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// How values are written: encoding, dates, time zone, separators, words for true, false and NULL.
void check_values(const Scope& scope);

}  // namespace cpi::config
