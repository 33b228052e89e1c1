// The texts that server_agreement_pgtest.cpp tries, type by type.
#pragma once

#include <vector>

#include "unit/core/value/agreement.h"

namespace cpi::value::test {

std::vector<AgreementCase> agreement_cases();

}  // namespace cpi::value::test
