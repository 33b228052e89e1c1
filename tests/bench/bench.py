"""Speed of cpi against the best that psql can do, in one run, with the results compared row by row.

Each case is timed as whole processes, cpi and peer in turn, RUNS times; the ratio of the medians is printed. Wrong results
end the program with an error; slow ones do not.
"""

import argparse
import os
import random
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
import harness  # noqa: E402

COLUMNS = ("id bigint, code text, name text, price numeric(12,2), quantity int, ok boolean, day date,"
           " at timestamp, ratio double precision")
KEYED = COLUMNS.replace("id bigint", "id bigint PRIMARY KEY")


def write_rows(path, first, count, changed_every=0, seed=1):
    """Typed rows of about 98 bytes; with `changed_every` each such row differs from the same call without it."""
    random.seed(seed)
    with open(path, "w", encoding="utf-8") as file:
        file.write("id,code,name,price,quantity,ok,day,at,ratio\n")
        for i in range(first, first + count):
            changed = 1 if changed_every and i % changed_every == 0 else 0
            file.write(f"{i},C{i % 9973:05d},customer name {i % 100003},{i % 100000}.{i % 90 + 10},{i % 1000 + changed},"
                       f"{'t' if i % 3 else 'f'},2024-{i % 12 + 1:02d}-{i % 28 + 1:02d},"
                       f"2024-01-{i % 28 + 1:02d} 12:{i % 60:02d}:00,{i % 7919 / 8}\n")


def timed(command, **options):
    started = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **options)
    return time.monotonic() - started


class Bench:
    def __init__(self, cluster, directory, runs):
        self.cluster = cluster
        self.directory = directory
        self.runs = runs
        self.database = cluster.create_database("bench")
        self.results = []

    def psql(self, *statements):
        arguments = [part for statement in statements for part in ("-c", statement)]
        return timed(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", self.database.url, *arguments])

    def cpi(self, path, *options):
        return timed([str(harness.CPI), "import", "--to", self.database.url, "--quiet", "--table", "ours", *options, str(path)])

    def compare(self, goal, name, prepare, ours, peer):
        """`prepare(table)` sets a table up before each run of its side; both must hold the same rows afterwards."""
        our_times, peer_times = [], []
        for _ in range(self.runs):
            prepare("peer")
            self.database.execute("CHECKPOINT")
            peer_times.append(peer())
            prepare("ours")
            self.database.execute("CHECKPOINT")
            our_times.append(ours())
        wrong = self.database.value("SELECT count(*) FROM (SELECT * FROM ours EXCEPT ALL SELECT * FROM peer) d")
        if wrong or self.database.value("SELECT count(*) FROM ours") != self.database.value("SELECT count(*) FROM peer"):
            sys.exit(f"{name}: the results differ in {wrong} rows")
        mine, theirs = statistics.median(our_times), statistics.median(peer_times)
        print(f"{name:44} {theirs:8.2f} s {mine:8.2f} s {theirs / mine:7.2f} x {goal:>6}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--runs", type=int, required=True)
    options = parser.parse_args()
    cluster = harness.Cluster()
    directory = harness.make_directory("cpi-bench-")
    try:
        bench = Bench(cluster, directory, options.runs)
        base, tenth, every = (directory / f"{name}.csv" for name in ("base", "tenth", "every"))
        write_rows(base, 1, options.rows)
        write_rows(tenth, 1, options.rows, changed_every=10)
        write_rows(every, 1, options.rows, changed_every=1)
        print(f"{options.rows} rows, {base.stat().st_size / options.rows:.0f} bytes each, median of {options.runs}")
        print(f"{'':44} {'psql':>10} {'cpi':>10} {'ratio':>9} {'goal':>6}")

        def empty(columns):
            return lambda table: bench.database.execute(f"DROP TABLE IF EXISTS {table}; CREATE TABLE {table} ({columns})")


        copy = f"\\copy peer from '{base}' (format csv, header)"
        bench.compare("2.0", "typed rows into an empty table with a key", empty(KEYED),
                      lambda: bench.cpi(base), lambda: bench.psql(copy))
        bench.compare("2.2", "typed rows into an empty table without a key", empty(COLUMNS),
                      lambda: bench.cpi(base, "--force"), lambda: bench.psql(copy))

        assignments = ", ".join(f"{c} = excluded.{c}" for c in ("code", "name", "price", "quantity", "ok", "day", "at", "ratio"))
        distinct = ", ".join(f"t.{c}" for c in ("code", "name", "price", "quantity", "ok", "day", "at", "ratio"))
        script = lambda path: (  # noqa: E731
            "BEGIN", "CREATE TEMP TABLE s (LIKE peer) ON COMMIT DROP", f"\\copy s from '{path}' (format csv, header)",
            f"INSERT INTO peer AS t SELECT * FROM s ON CONFLICT (id) DO UPDATE SET {assignments}"
            f" WHERE ({distinct}) IS DISTINCT FROM ({distinct.replace('t.', 'excluded.')})", "COMMIT")

        def filled(table):
            empty(KEYED)(table)
            bench.database.copy_csv(table, base)
            bench.database.execute(f"VACUUM ANALYZE {table}")

        for goal, name, path in (("5", "again, nothing changed", base), ("3", "again, 10 % changed", tenth),
                                 ("1.5", "again, all changed", every)):
            bench.compare(goal, name, filled, lambda path=path: bench.cpi(path), lambda path=path: bench.psql(*script(path)))
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(f"largest process of both sides: {peak:.0f} MB; file {base.stat().st_size / 1e6:.0f} MB")
    finally:
        cluster.remove()
        for file in directory.iterdir():
            file.unlink()
        os.rmdir(directory)


if __name__ == "__main__":
    main()
