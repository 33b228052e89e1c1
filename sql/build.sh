#!/usr/bin/env bash
# usage: sql/build.sh VERSION OUTDIR
# Writes the extension's SQL scripts from the files that sql/manifest names, in its order:
#   cpi--VERSION.sql       header, once/, replace/ (OR REPLACE stripped), grants: what CREATE EXTENSION runs
#   cpi--OLD--VERSION.sql  header, the deltas from OLD up to VERSION, replace/, grants: one per delta in sql/updates
# A delta is called updates/OLD--NEW.sql. Stops when the manifest and the folders disagree.
set -euo pipefail
version=$1 out=$2
cd "$(dirname "$0")"
mkdir -p "$out"

fail() { echo "sql/build.sh: $*" >&2; exit 1; }

mapfile -t listed < <(sed 's/[[:space:]]*#.*//; /^[[:space:]]*$/d' manifest)
twice=$(printf '%s\n' "${listed[@]}" | sort | uniq -d)
[ -z "$twice" ] || fail "manifest lists more than once: $twice"
unlisted=$(comm -23 <(find once replace grants.sql -name '*.sql' 2>/dev/null | sort) <(printf '%s\n' "${listed[@]}" | sort))
[ -z "$unlisted" ] || fail "not in sql/manifest (add a line, in the order of use): $unlisted"
for file in "${listed[@]}"; do
  [ -f "$file" ] || fail "manifest lists $file, which does not exist"
  case $file in
    once/*) ! grep -niE '^[[:space:]]*create or replace' "$file" || fail "$file: once/ creates, it never replaces" ;;
    replace/* | grants.sql) ;;
    *) fail "manifest lists $file; only once/, replace/ and grants.sql are known" ;;
  esac
done

# emit FILE…: the files, each after a line that names it, so that an error's line can be found again.
emit() {
  local file
  for file in "$@"; do
    printf '\n-- %s\n' "$file"
    cat "$file"
    echo
  done
}

mapfile -t again < <(printf '%s\n' "${listed[@]}" | grep -v '^once/' || true)

{
  cat header.sql
  emit "${listed[@]}" | sed -E 's/^([[:space:]]*)CREATE OR REPLACE /\1CREATE /I'
} >"$out/cpi--$version.sql.part"
mv "$out/cpi--$version.sql.part" "$out/cpi--$version.sql"

declare -A next=()
for delta in updates/*--*.sql; do
  [ -f "$delta" ] || continue
  name=$(basename "$delta" .sql)
  next[${name%%--*}]=${name##*--}
done
[ -z "${next[$version]:-}" ] || fail "updates/ has a delta that starts at the present version $version"
for old in "${!next[@]}"; do
  deltas=() from=$old
  while [ "$from" != "$version" ]; do
    to=${next[$from]:-}
    [ -n "$to" ] || fail "no way from $old to $version: updates/$from--….sql is missing"
    [ "${#deltas[@]}" -le "${#next[@]}" ] || fail "the deltas from $old go round in a circle"
    deltas+=("updates/$from--$to.sql")
    from=$to
  done
  { cat header.sql; emit "${deltas[@]}" "${again[@]}"; } >"$out/cpi--$old--$version.sql.part"
  mv "$out/cpi--$old--$version.sql.part" "$out/cpi--$old--$version.sql"
done
