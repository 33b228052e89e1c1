#!/usr/bin/env bash
# make test-fault: kills things and looks for what is lost or doubled; FILTER is a pytest -k expression.
set -euo pipefail
cd "$(dirname "$0")/../.."
exec /usr/bin/python3 -m pytest -q -p no:cacheprovider tests/fault ${1:+-k "$1"}
