// Between the server and C++: the sandwich in which every entry point is built.
//
//   top slice      plain C: arguments become views; the server may jump here, nothing with a destructor is alive
//   filling        fill(…): noexcept; calls core, catches everything; the server is not called except to allocate
//   bottom slice   return_text() or return_jsonb(): builds the datum or raises; plain C again
//
// The server reports errors by longjmp, which skips destructors, and a C++ exception that reached its C frames would
// end the process. So the two never meet: the filling hands on an Outcome, which is trivially copyable, and only then
// is an error raised. Nothing here calls the server in mid-C++ in a way that could jump, so there is no guard for that.
#pragma once

#include <string.h>

#include <cstddef>
#include <exception>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "core/error.h"

struct FunctionCallInfoBaseData;

namespace cpi::pg {

/// The SQLSTATEs that are raised here (api.md: PTnnn says the HTTP status).
inline constexpr const char* kUnprocessable = "PT422";
inline constexpr const char* kKeyFileError = "F0000";   ///< config_file_error: the key file is missing or unsafe
inline constexpr const char* kDataCorrupted = "XX001";  ///< a sealed value does not open
inline constexpr const char* kObjectInUse = "55006";
inline constexpr const char* kInternalError = "XX000";

/// Thrown inside a filling to fail with a SQLSTATE of one's own; everything else becomes kInternalError.
struct Failure {
  const char* sqlstate;
  Error error;
};

/// How a filling ended. Trivially copyable, with room of its own for the texts: allocating while failing could fail.
struct Outcome {
  enum class Kind { kValue, kNull, kFailed };
  Kind kind = Kind::kNull;
  char* data = nullptr;  ///< kValue: zero-terminated UTF-8 in server memory
  std::size_t size = 0;
  char sqlstate[6] = {};
  char message[1024] = {};
  char detail[4096] = {};
  char hint[2048] = {};

  /// Turns this into a failure; texts that are too long are cut at a character.
  void fail(const char* code, std::string_view text, std::string_view more, std::string_view advice) noexcept;
  /// Turns this into a value copied to the server's memory, or into a failure when there is none.
  void set(std::string_view value) noexcept;
};
static_assert(std::is_trivially_copyable_v<Outcome> && std::is_trivially_destructible_v<Outcome>);

/// Runs `body`, which returns std::optional<std::string> (UTF-8; nothing: SQL NULL) and may throw anything.
/// The closure is alive in the caller's frame, which the server may leave by a jump: it must own nothing.
template <typename Body>
void fill(Outcome& outcome, const Body& body) noexcept {
  static_assert(std::is_trivially_destructible_v<Body>, "capture views and references, not objects that own memory");
  try {
    std::optional<std::string> value = body();
    if (value) {
      outcome.set(*value);
      explicit_bzero(value->data(), value->size());  // it may be an opened secret
    }
  } catch (const Failure& failure) {
    outcome.fail(failure.sqlstate, failure.error.message, failure.error.detail, failure.error.hint);
  } catch (const std::bad_alloc&) {
    outcome.fail("53200", "out of memory", {}, {});
  } catch (const std::exception& exception) {
    outcome.fail(kInternalError, exception.what(), {}, {});
  } catch (...) {
    outcome.fail(kInternalError, "unknown C++ exception", {}, {});
  }
}

/// The text argument `index` as UTF-8, whatever the database's encoding; empty when it is NULL. Lives as long as the
/// function's memory context. May raise.
std::string_view text_argument(FunctionCallInfoBaseData* call, int index);

/// The same of a text datum, such as an array's element.
std::string_view text_value(std::size_t datum);

/// The jsonb argument `index` as UTF-8 text. May raise.
std::string_view jsonb_argument(FunctionCallInfoBaseData* call, int index);

/// Whether a cancel, a timeout or the server's shutdown waits to be obeyed: a filling that takes long asks now and
/// then, ends, and leaves the rest to obey_interrupt().
bool interrupt_pending() noexcept;
/// Obeys what waits, which raises unless it was for another reason than to stop. Nothing with a destructor may be
/// alive.
void obey_interrupt();

/// The datum of an outcome, for `return`; raises when it failed. Nothing with a destructor may be alive.
std::size_t return_text(FunctionCallInfoBaseData* call, const Outcome& outcome);
std::size_t return_jsonb(FunctionCallInfoBaseData* call, const Outcome& outcome);
std::size_t return_bytea(FunctionCallInfoBaseData* call, const Outcome& outcome);

/// Raises the outcome's failure; returns when it is none.
void raise_if_failed(const Outcome& outcome);

}  // namespace cpi::pg
