// The one place that turns errors into decisions about trying again. It looks at codes and SQLSTATEs, never at texts.
#pragma once

#include <string_view>

#include "core/error.h"
#include "db/error.h"

namespace cpi::import {

/// When the same work may be tried again.
enum class Retry {
  kNever,  ///< a person must mend something: the file fails, the job goes on with the next
  kNow,    ///< a collision that is over by now (deadlock, serialization, table changed meanwhile): at once, free of
           ///< charge
  kLater,  ///< something is away or busy: the job goes back to the queue and waits its back-off
};

Retry retry_of(const Error& error);
Retry retry_of(const db::Error& error);

/// How often kNow is tried before it counts as kLater.
inline constexpr int kImmediateTries = 3;

/// api.md's error type of a file that failed with this code: FileNotFound, SFTPError or ImportError.
std::string_view error_type(Code code);

}  // namespace cpi::import
