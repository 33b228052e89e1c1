#!/usr/bin/env bash
# Builds and installs; asks sudo for the second half where this user may not write into PostgreSQL's directories.
set -euo pipefail
cd "$(dirname "$0")/../.."
make --no-print-directory build
pg_config=${PG_CONFIG:-$(ls /usr/lib/postgresql/*/bin/pg_config | tail -n 1)}
if [ -w "$("$pg_config" --pkglibdir)" ]; then
  make --no-print-directory install >/dev/null
else
  sudo make --no-print-directory install >/dev/null
fi
echo "installed: extension cpi into $("$pg_config" --sharedir)/extension, program cpi into ${bindir:-/usr/local/bin}"
