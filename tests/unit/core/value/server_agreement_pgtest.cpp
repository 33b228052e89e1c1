// The converters against a real PostgreSQL: tables of texts per type, and random changes of them (the seed is printed;
// set CPI_TEST_SEED to repeat a run).
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <random>

#include "support/cluster.h"
#include "unit/core/value/agreement.h"
#include "unit/core/value/agreement_cases.h"

namespace cpi::value::test {

namespace {

constexpr int kRandomTexts = 1500;

unsigned seed() {
  static const unsigned chosen = [] {
    const char* given = std::getenv("CPI_TEST_SEED");
    return given != nullptr ? static_cast<unsigned>(std::strtoul(given, nullptr, 10)) : std::random_device{}();
  }();
  return chosen;
}

class ServerAgreement : public testing::TestWithParam<AgreementCase> {};

TEST_P(ServerAgreement, WhatIsTakenHasTheServersImageAndWhatIsRejectedIsRefused) {
  std::cout << "seed " << seed() << '\n';
  db::Connection connection = cpi::test::Cluster::shared().connect();
  const Agreement agreement =
      compare_with_server(connection, GetParam(), with_random_texts(GetParam(), seed(), kRandomTexts));
  std::cout << "taken " << agreement.accepted << ", rejected " << agreement.rejected << " (of these ambiguous "
            << agreement.policy << "), left to the server " << agreement.asked << '\n';
  EXPECT_GT(agreement.accepted, 0);
  constexpr std::size_t kMostShown = 40;
  for (std::size_t i = 0; i < agreement.disagreements.size() && i < kMostShown; ++i) {
    ADD_FAILURE() << agreement.disagreements[i];
  }
}

INSTANTIATE_TEST_SUITE_P(Types, ServerAgreement, testing::ValuesIn(agreement_cases()),
                         [](const auto& tested) { return tested.param.name; });

}  // namespace

}  // namespace cpi::value::test
