#!/usr/bin/env python3
"""Scores what `pollock` has read, with the benchmark's own measures.

usage: pollock.py BENCHMARK OUT     BENCHMARK is a clone of Pollock (its package pollock/ and polluted_files/clean/)

Success, and precision, recall and F1 of header, records and cells, each averaged over all files; their sum is the
"simple" score, 10 at best. Python needs what the benchmark's measures import: numpy, dateutil, joblib, multiset, chardet
and price-parser.
"""

import collections
import os
import sys
import warnings
from concurrent.futures import ProcessPoolExecutor

NAMES = ["header_p", "header_r", "header_f1", "record_p", "record_r", "record_f1", "cell_p", "cell_r", "cell_f1"]


def score(arguments):
    benchmark, out, name = arguments
    warnings.simplefilter("ignore")
    sys.path.insert(0, benchmark)
    from pollock import metrics
    loaded = os.path.join(out, name + "_converted.csv")
    if not metrics.successful_csv(loaded):
        return name, [0] * 10
    clean = os.path.join(benchmark, "polluted_files", "clean", name)
    return name, [1, *map(float, metrics.header_record_cell_measures_csv(clean, loaded))]


def main():
    benchmark, out = sys.argv[1:]
    files = sorted(os.listdir(os.path.join(benchmark, "polluted_files", "csv")))
    with ProcessPoolExecutor(max_workers=2) as pool:
        scores = dict(pool.map(score, [(benchmark, out, name) for name in files], chunksize=50))
    for name, value in zip(["success", *NAMES], zip(*scores.values())):
        print(f"{name:10} {sum(value) / len(files):.4f}")
    print(f"{'score':10} {sum(map(sum, scores.values())) / len(files):.4f} of 10")
    groups = collections.defaultdict(list)
    for name, value in scores.items():
        kind = "_".join(name.split("_")[:3]).rstrip("0123456789.csv") if name.startswith("row") else name
        groups[kind].append(sum(value))
    for kind, values in sorted(groups.items(), key=lambda item: sum(v - 10 for v in item[1]))[:25]:
        lost = sum(10 - v for v in values) / len(files)
        if lost > 0:
            worst = min((sum(v), n) for n, v in scores.items() if n.startswith(kind))
            print(f"  lost {lost:.4f}  {kind} ({len(values)}), worst {worst[0]:.3f} {worst[1]}")


if __name__ == "__main__":
    main()
