#!/usr/bin/env bash
# make test: everything a bare machine needs, then every test in its short form. All suites run even when one fails; the
# runners' own summaries come last.
set -uo pipefail
cd "$(dirname "$0")/../.."
tests/support/deps.sh || exit 1
tests/support/install.sh || exit 1

summaries=$(mktemp)
trap 'rm -f "$summaries"' EXIT
failed=()
for suite in unit sql e2e fault upgrade; do
  [ -x "tests/support/run_$suite.sh" ] || continue
  printf '\n== %s\n' "$suite"
  started=$SECONDS
  make --no-print-directory "test-$suite" 2>&1 | tee "$summaries.log"
  [ "${PIPESTATUS[0]}" -eq 0 ] || failed+=("$suite")
  { printf '%s (%d s): ' "$suite" $((SECONDS - started)); grep -v '^$' "$summaries.log" | tail -n 1; } >>"$summaries"
done
rm -f "$summaries.log"
printf '\n'
cat "$summaries"
[ ${#failed[@]} -eq 0 ] || { echo "failed: ${failed[*]}"; exit 1; }
