// The owner of one file descriptor, under the name that sources use.
#pragma once

#include "net/descriptor.h"

namespace cpi::source {

using net::Descriptor;

}  // namespace cpi::source
