#!/usr/bin/env bash
# make test-upgrade: fresh, restored and re-run installs are identical, in schema public and in another one. FILTER is the
# name of a schema. Prints "upgrade: N checks passed" last.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/support/sql_cluster.sh
start_cluster

passed=0
pass() { passed=$((passed + 1)); echo "ok: $1"; }
fail() { echo "FAILED: $1" >&2; exit 1; }
run() { psql -XqAt -v ON_ERROR_STOP=1 "$@"; }
report() { run -d "$1" -f tests/upgrade/report.sql >"$cluster/$1.report"; }
same() {  # same REPORT REPORT WHAT
  diff -u "$cluster/$1.report" "$cluster/$2.report" >&2 || fail "$3"
  pass "$3"
}

# What an update script runs again, as psql can run it.
again() {
  sed 's/[[:space:]]*#.*//; /^once/d; /^[[:space:]]*$/d' sql/manifest | while read -r file; do cat "sql/$file"; done |
    sed "s/@extschema@/$1/g; s/MODULE_PATHNAME/\$libdir\/cpi/g"
}

check_schema() {  # check_schema NAME QUOTED-SCHEMA
  local fresh=$1_fresh restored=$1_restored schema=$2
  createdb "$fresh"
  run -d "$fresh" -c "ALTER DATABASE $fresh SET search_path = $schema"
  [ "$schema" = public ] || run -d "$fresh" -c "CREATE SCHEMA $schema"
  run -d "$fresh" -c "CREATE EXTENSION cpi SCHEMA $schema"
  run -d "$fresh" -f tests/upgrade/fill.sql >/dev/null
  report "$fresh"
  grep -q 'url postgresql://user:canary' "$cluster/$fresh.report" || fail "$schema: the fresh install does not work"
  ! grep -E 'rows cpi_[a-z_]+ 0' "$cluster/$fresh.report" || fail "$schema: fill.sql leaves tables empty"
  pass "$schema: a fresh install works and is filled"

  pg_dump -Fp "$fresh" >"$cluster/$1.sql"
  ! grep -q 'canary' "$cluster/$1.sql" || fail "$schema: the dump holds a secret"
  pass "$schema: the dump holds no secret"
  createdb "$restored"
  run -d "$restored" -c "ALTER DATABASE $restored SET search_path = $schema"
  run -d "$restored" -f "$cluster/$1.sql" >/dev/null
  report "$restored"
  same "$fresh" "$restored" "$schema: dumped and restored"
  pg_dump -Fc "$fresh" >"$cluster/$1.dump"
  createdb "${restored}2"
  run -d "${restored}2" -c "ALTER DATABASE ${restored}2 SET search_path = $schema"
  pg_restore --exit-on-error -d "${restored}2" "$cluster/$1.dump"
  report "${restored}2"
  same "$fresh" "${restored}2" "$schema: dumped and restored in the custom format"
  [ "$(run -d "$restored" -c "SELECT _cpi_claim_job('00000000-0000-4000-8000-00000000000a') ->> 'project'")" = waiting ] ||
    fail "$schema: the restored queue does not go on"
  pass "$schema: the restored queue goes on"

  again "${schema//\"/\\\"}" | run -d "$fresh" -1 -f - >/dev/null
  mv "$cluster/$fresh.report" "$cluster/before.report"
  report "$fresh"
  same before "$fresh" "$schema: replace/ can be run again and changes nothing"

  run -d "$fresh" -c "DROP FUNCTION own_report" -c "DROP EXTENSION cpi"
  [ -z "$(run -d "$fresh" -c "SELECT relname FROM pg_class WHERE relname ~ '^_?cpi_' UNION ALL SELECT proname FROM pg_proc WHERE proname ~ '^_?cpi_'")" ] ||
    fail "$schema: DROP EXTENSION leaves objects behind"
  run -d "$fresh" -c "CREATE EXTENSION cpi SCHEMA $schema"
  pass "$schema: dropped without a trace, and created again"
}

# An object of the same name that somebody planted beforehand is not taken over.
check_planted() {
  createdb planted
  run -d planted -c "CREATE FUNCTION cpi_get_job(id text, include_details boolean DEFAULT true) RETURNS jsonb LANGUAGE sql AS 'SELECT NULL::jsonb'"
  ! run -d planted -c "CREATE EXTENSION cpi" 2>"$cluster/planted.log" || fail "a planted function was taken over"
  grep -q 'already exists' "$cluster/planted.log" || fail "a planted function: $(cat "$cluster/planted.log")"
  pass "a function planted beforehand stops CREATE EXTENSION"
  local object
  for object in "TABLE cpi_jobs ()" "VIEW cpi_secrets AS SELECT 1" "TYPE cpi_projects AS (id uuid)" \
                "FUNCTION _cpi_job_json(text) RETURNS text LANGUAGE sql AS 'SELECT 1::text'" "SEQUENCE cpi_routes"; do
    run -d planted -c "DROP SCHEMA public CASCADE" -c "CREATE SCHEMA public" -c "CREATE $object"
    if run -d planted -c "CREATE EXTENSION cpi" 2>"$cluster/planted.log"; then
      # Of another signature: it stands beside cpi's, and is not one of the extension's.
      [ "$(run -d planted -c "SELECT count(*) FROM pg_depend d JOIN pg_proc p ON d.classid = 'pg_proc'::regclass
          AND p.oid = d.objid AND d.deptype = 'e' WHERE p.prosrc = 'SELECT 1::text'")" = 0 ] || fail "planted: $object"
      run -d planted -c "DROP EXTENSION cpi"
    else
      grep -q 'already exists' "$cluster/planted.log" || fail "planted: $object: $(cat "$cluster/planted.log")"
    fi
    pass "planted beforehand and not taken over: $object"
  done
}

filter=${1:-}
[[ public != *"$filter"* ]] || check_schema public public
[[ odd != *"$filter"* ]] || check_schema odd '"Odd Schema"'
[[ planted != *"$filter"* ]] || check_planted
echo "upgrade: $passed checks passed"
