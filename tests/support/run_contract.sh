#!/usr/bin/env bash
# make test-contract: the OpenAPI document under two linters, and its examples sent to a running agent; FILTER is a pytest
# -k expression. The tools come from npm at the exact versions of tests/contract/package-lock.json.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=${BUILD:-$PWD/build}
tools=$build/contract
lock=tests/contract/package-lock.json
if ! cmp -s "$lock" "$tools/installed.json"; then
  echo "installing the tools of tests/contract (npm ci, about half a minute)"
  mkdir -p "$tools"
  rm -f "$tools/installed.json"
  cp tests/contract/package.json "$lock" "$tools"
  # Scripts of packages are not run: none of these tools needs one.
  (cd "$tools" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) ||
    { echo "the tools of tests/contract cannot be installed: is npm's registry reachable?" >&2; exit 1; }
  cp "$lock" "$tools/installed.json"
fi
exec /usr/bin/python3 -m pytest -q -p no:cacheprovider tests/contract ${1:+-k "$1"}
