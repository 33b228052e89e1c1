// The texts that server_agreement_pgtest.cpp tries, type by type.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "unit/core/value/agreement.h"

namespace cpi::value::test {

/// All of them.
std::vector<AgreementCase> agreement_cases();

/// Those of one kind, appended to `cases`.
void add_numbers(std::vector<AgreementCase>& cases);
void add_dates(std::vector<AgreementCase>& cases);

/// The lists one after another.
std::vector<std::string> joined(std::initializer_list<std::vector<std::string>> parts);

}  // namespace cpi::value::test
