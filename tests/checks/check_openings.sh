#!/usr/bin/env bash
# A header, an SQL file and a script state their purpose and their limits in their first lines; a folder of code has a
# README. To mend: write what it is for, in a sentence that a newcomer understands.
set -euo pipefail
status=0
for file in $(git ls-files '*.h'); do
  head -n 1 "$file" | grep -q '^// ' || { echo "$file: begins without a comment that says what it is for"; status=1; }
done
for file in $(git ls-files 'sql/*.sql'); do
  head -n 1 "$file" | grep -q '^-- ' || { echo "$file: begins without a comment that says what it is for"; status=1; }
done
for file in $(git ls-files '*.sh'); do
  sed -n 2p "$file" | grep -q '^# ' || { echo "$file: says nothing of its purpose in line 2"; status=1; }
done
for folder in $(git ls-files 'extension/*.cpp' 'agent/*.cpp' | xargs -n 1 dirname | sort -u); do
  [ -f "$folder/README.md" ] || [ -f "$(dirname "$folder")/README.md" ] || { echo "$folder: no README.md here or above"; status=1; }
done
exit $status
