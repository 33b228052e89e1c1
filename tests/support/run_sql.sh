#!/usr/bin/env bash
# make test-sql: pgTAP against the installed extension, on a server of its own. FILTER is a part of a file name
# (FILTER=connections). The last line is pg_prove's summary.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/support/sql_cluster.sh
start_cluster

# Files that commit through second connections come last: what one of them left behind would disturb those after it.
mapfile -t files < <(printf '%s\n' tests/sql/*.sql | grep -v sessions; printf '%s\n' tests/sql/*sessions*.sql)
if [ $# -gt 0 ] && [ -n "$1" ]; then
  mapfile -t files < <(printf '%s\n' "${files[@]}" | grep -F -- "$1") || true
  [ ${#files[@]} -gt 0 ] || { echo "no file in tests/sql matches \"$1\"" >&2; exit 1; }
fi

createdb cpi_test
psql -XqAt -v ON_ERROR_STOP=1 -d cpi_test -c "CREATE EXTENSION cpi" -c "CREATE SCHEMA tap" \
  -c "CREATE EXTENSION pgtap SCHEMA tap" -c "CREATE EXTENSION dblink SCHEMA tap" -f tests/sql/fixtures.psql >/dev/null
# A test that waits for what never comes fails, it does not hang.
psql -Xq -d cpi_test -c "ALTER DATABASE cpi_test SET statement_timeout = '60s'" \
  -c 'ALTER DATABASE cpi_test SET search_path = public, tap, fixture'
loudness=--quiet
[ -z "${VERBOSE:-}" ] || loudness=--verbose
pg_prove --dbname cpi_test --failures "$loudness" "${files[@]}"
