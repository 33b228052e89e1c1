#!/usr/bin/env bash
# Writes tests/sql/privileges.expected anew from the installed extension: after a wanted change of grants, run
# make install && tests/support/write_privileges.sh, and read the difference (git diff) as the review of the change.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/support/sql_cluster.sh
start_cluster
createdb privileges
file=tests/sql/privileges.expected
{
  echo '# object | role right; … — an empty right side: nobody but the extension itself. Written by'
  echo '# tests/support/write_privileges.sh'
  psql -XqAt -v ON_ERROR_STOP=1 -d privileges -c 'CREATE EXTENSION cpi' -c 'CREATE ROLE nobody NOLOGIN' \
    -f tests/sql/privileges_matrix.psql -c 'SELECT line FROM matrix ORDER BY line COLLATE "C"'
} >"$cluster/expected"
cp "$cluster/expected" "$file"
echo "$file: $(grep -vc '^#' "$file") objects"
