#!/usr/bin/env bash
# make fuzz: runs each libFuzzer target for SECONDS (600) on a corpus that it keeps in build/fuzz; FILTER=reader runs one.
# Needs clang with its runtime. What has not changed since the last run is not compiled again.
set -euo pipefail
seconds=$((SECONDS > 1 ? SECONDS : 600)) # bash starts counting at the value from the environment
cd "$(dirname "$0")/../.."
root=$PWD
out=${BUILD:-$root/build}/fuzz
cxx=${FUZZ_CXX:-clang++}
if ! echo 'int main() {}' | "$cxx" -x c++ - -fsanitize=address,undefined -o /dev/null 2>/dev/null; then
  echo "the fuzzers need clang++ with its sanitizers: tests/support/deps.sh check installs them"
  exit 1
fi
mkdir -p "$out/objects"
flags=(-std=c++20 -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
       -Wno-pass-failed -I"$root/extension" -I"$root/tests")
sources=(extension/core/error.cpp extension/core/csv/*.cpp extension/core/csv/*/*.cpp extension/core/text/*.cpp extension/core/value/*.cpp)
object_of() { echo "$out/objects/$(tr / _ <<<"$1").o"; }
compile() {
  local object
  object=$(object_of "$1")
  # Dependencies as the compiler noted them, one a line; without a note, or with one newer than the object: compile.
  if [ -f "$object" ] && [ -f "$object.d" ]; then
    local stale
    stale=$(sed -e 's/^[^:]*: *//' -e 's/\\$//' "$object.d" | tr -s ' ' '\n' | sed '/^$/d' |
      while read -r needed; do if [ ! -e "$needed" ] || [ "$needed" -nt "$object" ]; then echo "$needed"; fi; done)
    [ -n "$stale" ] || return 0
  fi
  "$cxx" "${flags[@]}" -MMD -MF "$object.d" -c "$1" -o "$object"
}
objects=()
for source in "${sources[@]}"; do
  objects+=("$(object_of "$source")")
  while [ "$(jobs -rp | wc -l)" -ge "${JOBS:-2}" ]; do wait -n; done
  compile "$source" &
done
for job in $(jobs -p); do wait "$job"; done
status=0
for target in tests/fuzz/*_fuzz.cpp; do
  name=$(basename "$target" _fuzz.cpp)
  [ -z "${FILTER:-}" ] || [ "$FILTER" = "$name" ] || continue
  "$cxx" "${flags[@]}" -fsanitize=fuzzer "$target" "${objects[@]}" -licuuc -licui18n -o "$out/$name"
  corpus=$out/corpus/$name
  mkdir -p "$corpus"
  # Seeds: the project's own inputs, and the public collections where they are. Before each come as many zero bytes as
  # the target takes for choices, which choose the defaults: real files are read as they are meant.
  seeds=$out/seeds/$name
  rm -rf "$seeds" && mkdir -p "$seeds"
  choices=$(sed -n 's/.*constexpr std::size_t kChoices = \([0-9]*\);.*/\1/p' "$target")
  data=${CPI_SHARED_DATA:-$root/../shared/data}
  [ -d "$data" ] || echo "note  $name: without the public collections, $data is absent"
  find tests/fuzz/seeds "$data" -type f -size -64k \( -name '*.csv' -o -name '*.txt' \) -print 2>/dev/null |
    while read -r file; do
      { head -c "${choices:-0}" /dev/zero; cat "$file"; } >"$seeds/$(sha256sum <"$file" | cut -c1-16)"
    done
  # Memory is bounded by 512 MB, one input by 10 s: more is a defect. What was freed and is kept from use counts, so little is.
  export ASAN_OPTIONS=quarantine_size_mb=16
  "$out/$name" -max_total_time="$seconds" -max_len=65536 -rss_limit_mb=512 -timeout=10 -print_final_stats=1 -verbosity=0 \
    -artifact_prefix="$out/$name-" "$corpus" "$seeds" >"$out/$name.log" 2>&1 \
    && echo "ok    $name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$out/$name.log") inputs" \
    || { status=1; echo "FAIL  $name"; tail -40 "$out/$name.log"; }
done
exit $status
