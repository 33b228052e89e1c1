#!/usr/bin/env bash
# make test-e2e: the real programs from outside; FILTER is a pytest -k expression.
set -euo pipefail
cd "$(dirname "$0")/../.."
exec /usr/bin/python3 -m pytest -q -p no:cacheprovider tests/e2e ${1:+-k "$1"}
