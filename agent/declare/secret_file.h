// Secrets that stand in files of their own: `password: file:secrets/erp.txt`.
#pragma once

#include "declare/node.h"

namespace cpi::declare {

/// Puts the content of the file that `secret` names in its place, without one line end at its end; leaves other texts
/// as they are, but for `$file:…`, which stands for a secret that begins with file: itself. False: a problem was added.
bool read_secret(Node& secret, Problems& problems);

/// `secret` written so that read_secret gives it back.
std::string escaped_secret(const std::string& secret);

}  // namespace cpi::declare
