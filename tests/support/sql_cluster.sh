# Sourced by the runners of SQL tests: a PostgreSQL server of their own on a socket in a directory of its own, with a key
# file, stopped and removed when the runner ends. Sets PGHOST, PGUSER and the functions below.
# shellcheck shell=bash
pg_config=${PG_CONFIG:-$(ls /usr/lib/postgresql/*/bin/pg_config | tail -n 1)}
pg_bin=$("$pg_config" --bindir)
if [ ! -f "$("$pg_config" --sharedir)/extension/cpi.control" ]; then
  echo "extension cpi is not installed in $("$pg_config" --sharedir)/extension: run make install first" >&2
  exit 1
fi

cluster=$(mktemp -d "${TMPDIR:-/tmp}/cpi-sql.XXXXXX")
chmod 755 "$cluster"
as_server() { "$@"; }
if [ "$(id -u)" -eq 0 ]; then  # PostgreSQL refuses to run as root
  chown postgres "$cluster"
  as_server() { setpriv --reuid=postgres --regid=postgres --init-groups "$@"; }
fi

stop_cluster() {
  [ ! -f "$cluster/data/postmaster.pid" ] || (cd / && as_server "$pg_bin/pg_ctl" -D "$cluster/data" -m immediate -s stop)
  rm -rf "$cluster"
}
trap stop_cluster EXIT
trap 'exit 130' INT TERM

# start_cluster: initdb, the key file, and a server without a TCP port. In /, since the server's user may not be able to
# enter the present directory.
start_cluster() (
  cd /
  as_server "$pg_bin/initdb" -D "$cluster/data" -U postgres --auth=trust --no-sync --encoding=UTF8 --locale=C.UTF-8 \
    >"$cluster/initdb.log" || { cat "$cluster/initdb.log" >&2; exit 1; }
  as_server sh -c "umask 077; echo \"1:\$(head -c 32 /dev/urandom | base64)\" >'$cluster/cpi.key'"
  as_server "$pg_bin/pg_ctl" -D "$cluster/data" -s -w -l "$cluster/server.log" -o "-c listen_addresses='' \
    -c unix_socket_directories='$cluster' -c fsync=off -c cpi.key_file='$cluster/cpi.key'" start ||
    { cat "$cluster/server.log" >&2; exit 1; }
)
export PGHOST=$cluster PGUSER=postgres PGOPTIONS="-c client_min_messages=warning"
unset PGPORT PGDATABASE PGSERVICE PGPASSWORD
