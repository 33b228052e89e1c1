#!/usr/bin/env bash
# Include arrows point one way (design.md section 8): core knows neither server nor agent, entry → pg → core,
# http, queue, import, cli → store, target, source → db → core. To mend: move the code to the room that may know both.
set -euo pipefail
status=0
# forbid FOLDER PATTERN [EXCEPTION]: no file below FOLDER, but for EXCEPTION, may include what matches PATTERN.
forbid() {
  if found=$(git grep -nE "^#include [<\"]($2)" -- "$1" ${3:+":!$3"}); then
    printf '%s must not include %s:\n%s\n' "$1" "$2" "$found"
    status=1
  fi
}
# The one exception reads the system's time zone files, which the server reads too: a copy of ours would age apart.
forbid extension/core 'postgres|libpq|pg/|entry/|unistd|fcntl|sys/socket|fstream|iostream|cstdio' extension/core/value/time_zone.cpp
forbid extension/pg 'entry/'
forbid agent/db '(cli|app|store|target|source|import|job|queue|http|deliver)/'
forbid agent/net '(cli|app|db|store|target|source|import|job|queue|http|deliver|observe)/'
forbid agent/store '(cli|app|target|source|import|job|queue|http)/'
forbid agent/target '(cli|app|store|source|import|job|queue|http)/'
forbid agent/source '(cli|store|target|import|job|queue|http)/'
forbid agent/declare '(cli|app|db|store|target|source|import|job|queue|http|deliver|net|observe)/'
forbid agent/observe '(cli|store|target|source|import|job|queue|http)/'
forbid agent/import '(cli|app|job|store|queue|http|deliver)/'
forbid agent/job '(cli|app|queue|http|deliver)/'
forbid agent/queue '(cli|app|http|deliver)/'
forbid agent/deliver '(cli|app|target|source|import|job|queue|http)/'
forbid agent/probe '(cli|app|import|job|queue|http|deliver)/'
forbid agent/http '(cli|app|target|source|import|job|queue)/'
# postgres.h comes in by one door only.
if found=$(git grep -nE '^#include [<"]postgres\.h' -- extension ':!extension/pg/prelude.h'); then
  printf 'only extension/pg/prelude.h includes postgres.h:\n%s\n' "$found"
  status=1
fi
# No circles between the rooms of one program, of any length, the rules above or not.
for program in agent extension; do
  arrows=$(git grep -oE '^#include "[a-z_/]+/[a-z_.]+"' -- "$program" |
    sed -nE "s#^$program/([a-z_]+)/[^:]*:\#include \"([a-z_]+)/.*#\1 \2#p" | awk '$1 != $2' | sort -u)
  if ! loop=$(tsort <<<"$arrows" 2>&1 >/dev/null) || [ -n "$loop" ]; then
    printf 'the rooms of %s include one another in a circle: %s\n' "$program" "$(grep -v 'input contains' <<<"$loop" | sed 's/.*: //' | paste -sd ' ')"
    status=1
  fi
done
exit $status
