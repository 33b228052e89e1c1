#!/usr/bin/env bash
# make bench: cpi side by side with psql \copy in one run on a private server, median of RUNS, results compared row by row.
# Prints a table; fails only on wrong results. ROWS (5000000), RUNS (5).
set -euo pipefail
cd "$(dirname "$0")/../.."
make --no-print-directory build
exec /usr/bin/python3 tests/bench/bench.py --rows "${ROWS:-5000000}" --runs "${RUNS:-5}"
