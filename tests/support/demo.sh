#!/usr/bin/env bash
# make demo: everything from a bare machine to rows in a table, in a directory of its own that is removed at the end.
set -euo pipefail
cd "$(dirname "$0")/../.."
tests/support/deps.sh
tests/support/install.sh

bold=$(tput bold 2>/dev/null || true) plain=$(tput sgr0 2>/dev/null || true)
say() { printf '\n%s# %s%s\n' "$bold" "$*" "$plain"; }
show() { printf '%s$ %s%s\n' "$bold" "$*" "$plain"; }
free_port() { /usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

CPI_DATA_DIR=$(mktemp -d "${TMPDIR:-/tmp}/cpi-demo.XXXXXX")
chmod 755 "$CPI_DATA_DIR"
CPI_PG_PORT=$(free_port) PORT=$(free_port) API_KEY=$(head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n')
export CPI_DATA_DIR CPI_PG_PORT PORT API_KEY
PATH=$PWD/build:$PATH
url=http://127.0.0.1:$PORT
agent=
finish() {
  status=$?
  [ -z "$agent" ] || { kill "$agent" 2>/dev/null && wait "$agent" || true; }
  [ $status -eq 0 ] || { echo "the demo failed; the agent's log:" >&2; tail -n 20 "$CPI_DATA_DIR/agent.log" >&2; }
  rm -rf "$CPI_DATA_DIR"
}
trap finish EXIT

say "The agent, on an embedded PostgreSQL of its own"
show cpi serve
cpi serve 2>"$CPI_DATA_DIR/agent.log" &
agent=$!
for _ in $(seq 600); do
  curl -sf "$url/health" -o /dev/null && break
  kill -0 "$agent" || exit 1
  sleep 0.1
done
show curl "$url/health"
curl -sS "$url/health"; echo

# A customer's database; here it lives in the same server, usually it is elsewhere.
as_customer() { PGPASSWORD=secret psql -h 127.0.0.1 -p "$CPI_PG_PORT" -U customer -d customer_abc -X "$@"; }
cpi psql --superuser -Xq -c "CREATE ROLE customer LOGIN PASSWORD 'secret'" -c "CREATE DATABASE customer_abc OWNER customer"

call() {  # call METHOD PATH [BODY]: shows the command as a person would type it, then runs it
  local shown="curl -X $1 localhost:8000$2 -H \"X-API-Key: \$API_KEY\""
  [ $# -lt 3 ] || shown+=" -H \"Content-Type: application/json\" -d '$3'"
  show "$shown"
  answer=$(curl -sS -X "$1" "$url$2" -H "X-API-Key: $API_KEY" ${3:+-H "Content-Type: application/json" -d "$3"})
  printf '%s\n' "$answer" | pretty
}
pretty() { /usr/bin/python3 -c 'import json, sys; print(json.dumps(json.load(sys.stdin), indent=2, ensure_ascii=False))'; }
field() { printf '%s' "$answer" | /usr/bin/python3 -c "import json, sys; print(json.load(sys.stdin)['$1'])"; }

say "Call 1: where the rows go"
call POST /connections '{"name": "customer_abc_prod", "description": "Customer ABC production database",
  "database_url": "postgresql://customer:secret@127.0.0.1:'"$CPI_PG_PORT"'/customer_abc"}'
connection=$(field id)

say "Call 2: which files, and how they are to be read"
mkdir "$CPI_DATA_DIR/inbox/abc"
call POST /projects '{"name": "customer_abc", "connection_id": "'"$connection"'", "config": {
  "name": "customer_abc", "local": {"path": "'"$CPI_DATA_DIR"'/inbox/abc"},
  "defaults": {"file_pattern": "*.csv", "primary_key": "id", "types": "infer"},
  "tables": [{"file_pattern": "orders*.csv", "target_table": "orders", "primary_key": "order_no", "delimiter": ";",
              "types": "infer", "on_error": "continue"}]}}'

for day in monday tuesday; do
  say "${day^}'s files arrive. Calls 3 and 4: import them, and look at the job"
  cp "tests/data/demo/$day/"*.csv "$CPI_DATA_DIR/inbox/abc/"
  call POST /import '{"project": "customer_abc"}'
  call GET "/jobs/$(field job_id)?wait=30"
  job=$(field id)
done

say "The same from the command line, and the tables in the customer's database"
show cpi jobs "$job"
cpi jobs "$job"
show 'psql customer_abc -c "TABLE customers"'
as_customer -c 'SELECT * FROM customers ORDER BY id' -c 'SELECT * FROM orders ORDER BY order_no'

say "Nothing is lost in silence: the row that was not loaded, and why (psql, management database)"
show 'cpi psql -c "SELECT … FROM cpi_job_rejects"'
cpi psql -X -c "SELECT line, column_name, message, raw FROM cpi_job_rejects"

cat <<TEXT

${bold}Next:${plain}
  make run                                        the agent for real; then open http://localhost:8000/docs
  cpi import --to postgresql://USER@HOST/DB FILE  load a file without any of this
  make test                                       see every promise tested
TEXT
