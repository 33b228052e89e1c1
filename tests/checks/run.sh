#!/usr/bin/env bash
# make check: runs every check of this folder, then the unit tests under the sanitizers and each fuzzer for ten seconds.
# FAST=1 leaves out clang-tidy, sanitizers and fuzzers. Each check says how to mend what it finds.
set -uo pipefail
cd "$(dirname "$0")/../.."
tests/support/deps.sh check || exit 1
failed=()
for check in tests/checks/check_*.sh; do
  [ "$check" = tests/checks/check_tidy.sh ] && [ -n "${FAST:-}" ] && continue
  name=$(basename "$check" .sh)
  if output=$("$check" 2>&1); then
    echo "ok    $name"
  else
    printf 'FAIL  %s\n%s\n' "$name" "$output"
    failed+=("$name")
  fi
done
if [ -z "${FAST:-}" ]; then
  # clang and gcc disagree about leaks of the runtime's own; what ours leak is found all the same.
  sanitized=$PWD/build-sanitize
  make --no-print-directory BUILD="$sanitized" SANITIZE=address,undefined CXXFLAGS="-O1 -g1" test-unit || failed+=(sanitizers)
  SECONDS=10 tests/fuzz/run.sh || failed+=(fuzz)
fi
[ ${#failed[@]} -eq 0 ] || { echo "failed: ${failed[*]}"; exit 1; }
echo "all checks passed"
