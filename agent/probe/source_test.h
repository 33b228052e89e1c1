// POST /sources/{id}/test and `cpi test`: can this machine log in to that source, and what would be imported from it?
// Blocking, within ten seconds.
#pragma once

#include <string>

#include "net/egress.h"

namespace cpi::probe {

/// `source` as cpi_get_source answers it. Answers as source::test_sftp_source does. A host key that is seen for the
/// first time is kept in the source's row, in the management database that `conninfo` leads to.
std::string test_source(const std::string& source, const std::string& conninfo, const net::EgressPolicy& egress);

}  // namespace cpi::probe
