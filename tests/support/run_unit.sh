#!/usr/bin/env bash
# make test-unit: the GoogleTest program; FILTER is a gtest filter.
set -euo pipefail
cd "$(dirname "$0")/../.."
exec "${BUILD:-build}/unit/cpi_unit" --gtest_brief=1 ${1:+--gtest_filter="$1"}
