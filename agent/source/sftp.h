// SFTP as a source: lists a directory of a server, fetches files into the spool, puts them aside after the load. One
// session serves a whole job and is made anew when it has died.
#pragma once

#include <memory>
#include <stop_token>

#include "source/sftp_connection.h"
#include "source/sftp_settings.h"
#include "source/source.h"
#include "source/spool.h"

namespace cpi::source {

/// Connects at the first call. `recursive`: directories are searched. `spool` must outlive the source, the source its
/// files. For one thread. Calls fail with kSourceUnreachable, kSourceRefused, or as net::connect does; fetching with
/// kSpoolFull and kLimitExceeded (Spool::take) as well; all with kStopped once `stop` is requested.
std::unique_ptr<Source> make_sftp_source(SftpSettings settings, SftpAccess access, Spool& spool, bool recursive,
                                         std::stop_token stop);

}  // namespace cpi::source
