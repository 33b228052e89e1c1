// The parts of a connection URL, whichever way it is written: decoding, checks, the allow-list of keywords. Internal to
// core/config.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/config/url.h"

namespace cpi::config {

/// A kInvalidUrl failure.
Error bad(std::string message, std::string hint, std::string detail = {});

std::string quoted(std::string_view text);

/// Percent-decodes. `what` names the part ("password"); its text is never shown, since any part may turn out to be a
/// piece of the password.
Result<std::string> percent_decode(std::string_view part, std::string_view what);

/// The failure of a character that must be written percent-encoded in part `where`; the hint says how, then `why`.
Error raw_character(char c, std::string_view where, std::string_view why = {});

/// A failure unless `port` is a number from 1 to 65535.
std::optional<Error> check_port(std::string_view port);

/// Puts one keyword's value where it belongs; a failure when it is not allowed, or its value cannot be.
std::optional<Error> assign(ConnectionUrl& url, std::string_view key, std::string value);

}  // namespace cpi::config
