#!/usr/bin/env bash
# The Pollock benchmark (2,290 damaged CSV files, github.com/HPI-Information-Systems/Pollock): how much of it is read, by
# the dialects that it gives and by those that the sniffer finds. usage: tests/bench/pollock.sh POLLUTED_FILES, the folder
# of that name in a clone. Prints the score of each and where it loses; nothing of the benchmark is kept here.
set -euo pipefail
folder=$(realpath "${1:?usage: tests/bench/pollock.sh POLLUTED_FILES}")
cd "$(dirname "$0")/../.."
build=${BUILD:-$PWD/build}
make --no-print-directory -C extension/core
mkdir -p "$build/bench"
# shellcheck disable=SC2046
${CXX:-g++} -std=c++20 -O2 -Iextension tests/bench/pollock.cpp "$build/core/libcpi_core.a" \
  $(pkg-config --libs icu-uc icu-i18n) -o "$build/bench/pollock"
for mode in given obeyed detect; do
  echo "== $mode"
  "$build/bench/pollock" "$folder" "$build/bench/$mode" "$mode"
  /usr/bin/python3 tests/bench/pollock.py "$folder" "$build/bench/$mode"
done
