// Signatures of Standard Webhooks 1.0.0 (spec/standard-webhooks.md): HMAC-SHA256 over "ID.TIMESTAMP.BODY", version
// "v1".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace cpi::deliver {

/// The value of the header webhook-signature: one "v1,BASE64" for each secret ("whsec_" and base64 of 24 to 64 bytes),
/// separated by blanks, so that receivers may change over. Fails with kInvalidConfig when a secret is none; its text is
/// not in the message.
Result<std::string> signature(const std::vector<std::string>& secrets, std::string_view id, std::int64_t timestamp,
                              std::string_view body);

}  // namespace cpi::deliver
