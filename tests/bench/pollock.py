#!/usr/bin/env python3
"""Scores what `pollock` has read of the Pollock benchmark.

usage: pollock.py POLLUTED_FILES OUT     the folder with csv/ and clean/, and what `pollock` wrote

Success, and precision, recall and F1 of header, records and cells, as the benchmark's pollock/metrics.py defines them,
averaged over all files; their sum is its "simple" score, 10 at best. The "weighted" one counts each kind of damage by how
often it is met in the world, where the benchmark's pollock_weights.json lies beside the folder. Of the benchmark's normalization of cells (which is
there for programs that change values while they load) only the case of letters is needed.
"""

import collections
import csv
import json
import os
import re
import sys

NAMES = ["success"] + [f"{part}_{kind}" for part in ("header", "record", "cell") for kind in ("p", "r", "f1")]


def rows_of(path):
    with open(path, newline="", encoding="utf-8-sig") as file:
        return list(csv.reader(file))


def measures(source, loaded):
    if not source:
        return [1, 1, 1]
    common = sum((collections.Counter(source) & collections.Counter(loaded)).values())
    if not common:
        return [0, 0, 0]
    precision, recall = common / len(source), common / len(loaded)
    return [precision, recall, 2 * precision * recall / (precision + recall)]


def score(source, loaded):
    if loaded and loaded[0] == ["Application Error"]:
        return [0] * 10
    if not source:
        return [1] * 10
    records = ["".join(row).lower() for row in source[1:]]
    return [1, *measures(source[0], loaded[0] if loaded else []),
            *measures(records, ["".join(row).lower() for row in loaded[1:]]),
            *measures([cell for row in source for cell in row], [cell for row in loaded for cell in row])]


def main():
    folder, out = sys.argv[1:]
    scores = {}
    for name in sorted(os.listdir(os.path.join(folder, "csv"))):
        scores[name] = score(rows_of(os.path.join(folder, "clean", name)),
                             rows_of(os.path.join(out, name + "_converted.csv")))
    for name, values in zip(NAMES, zip(*scores.values())):
        print(f"{name:10} {sum(values) / len(scores):.4f}")
    print(f"{'score':10} {sum(map(sum, scores.values())) / len(scores):.4f} of 10, {len(scores)} files")
    weights_file = os.path.join(folder, "..", "pollock_weights.json")
    if os.path.exists(weights_file):
        with open(weights_file, encoding="utf-8") as file:
            weights = json.load(file)
        weighted = sum(weights[name] * sum(values) for name, values in scores.items()) / sum(weights[n] for n in scores)
        print(f"{'weighted':10} {weighted:.4f} of 10")
    groups = collections.defaultdict(list)
    for name, values in scores.items():
        groups[re.sub(r"\d+", "N", name) if name.startswith("row") else name].append((sum(values), name))
    for kind, values in sorted(groups.items(), key=lambda group: sum(total for total, _ in group[1]) - 10 * len(group[1])):
        lost = sum(10 - total for total, _ in values) / len(scores)
        if lost > 0.00005:
            print(f"  lost {lost:.4f}  {kind}: {len(values)} files, the worst {min(values)[0]:.3f} ({min(values)[1]})")


if __name__ == "__main__":
    main()
