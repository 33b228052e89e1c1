#include "import/retry.h"

namespace cpi::import {

Retry retry_of(const Error& error) {
  // The table changed between planning and applying, or staging lost its rows: a new plan and a new staging table mend
  // it.
  if (error.code == Code::kStagingLost) return Retry::kNow;
  return is_retryable(error.code) ? Retry::kLater : Retry::kNever;
}

Retry retry_of(const db::Error& error) {
  if (error.is("40001") || error.is("40P01")) return Retry::kNow;
  if (error.retryable()) return Retry::kLater;
  return Retry::kNever;
}

std::string_view error_type(Code code) {
  switch (code) {
    case Code::kFileNotFound: return "FileNotFound";
    case Code::kSourceUnreachable:
    case Code::kSourceRefused: return "SFTPError";
    default: return "ImportError";
  }
}

}  // namespace cpi::import
