#!/usr/bin/env bash
# make test: everything a bare machine needs, then every test in its short form. All suites run even when one fails; the
# runners' own summaries come last.
set -uo pipefail
cd "$(dirname "$0")/../.."
tests/support/deps.sh || exit 1
tests/support/install.sh || exit 1

log=$(mktemp)
trap 'rm -f "$log" "$log.summaries"' EXIT
failed=()
for suite in unit sql e2e contract fault upgrade; do
  printf '\n== %s\n' "$suite"
  started=$SECONDS
  make --no-print-directory "test-$suite" 2>&1 | tee "$log"
  [ "${PIPESTATUS[0]}" -eq 0 ] || failed+=("$suite")
  { printf '== %s, %d s\n' "$suite" $((SECONDS - started)); grep -v '^ *$' "$log" | tail -n 2; } >>"$log.summaries"
done
printf '\n'
cat "$log.summaries"
[ ${#failed[@]} -eq 0 ] || { echo "failed: ${failed[*]}"; exit 1; }
