#!/usr/bin/env python3
"""Fits media/detect/src/card.rs: what each feature of a greeting says about who speaks.

Usage: train-detection.py ROWS > media/detect/src/card.rs, where ROWS is what `openings FOLDER --rows` printed for a
folder of tools/make-openings.py's part `train`. A logistic regression over steps of each feature, by Newton's method;
neighbouring steps are drawn together, so that a step with few openings says what its neighbours say. Only openings that
the card is asked about count: no tone, and a span of SHORTEST or more. The threshold is the lowest at which at most
PEOPLE_AT_MOST of the people, in the test's shares, are called machines by cards that were fitted without their voice.
"""

import collections
import csv
import math
import pathlib
import sys
import tomllib

SHORTEST = 2400
# name, unit, column, factor, limits of its steps
STEPS = [
    ("LEAD_MS", "From the answer to the first word.", "lead", 1000, [400, 700, 1000]),
    ("LONGEST_MS", "The longest phrase.", "longest", 1000, [800, 1200, 1600, 2000, 2400, 2800, 3400]),
    ("PAUSE_MS", "The longest pause.", "pause", 1000, [160, 220, 280, 340, 400, 480, 560, 660, 800]),
    ("SYLLABLES", "Syllables, about.", "syllables", 1, [11, 13, 15, 17, 19, 21, 23, 25, 28]),
    ("ENDING", "How much of the voice was lower than its end, percent.", "ending", 1, [5, 10, 20, 30, 45, 60, 80]),
]
# How hard neighbouring steps are drawn together, and all steps to zero.
SMOOTH, SMALL = 30.0, 0.5
FOLDS = 8
PEOPLE_AT_MOST = 0.003


def vector(row):
    """Where a row stands: one step of each feature, as places in the list of all steps."""
    places, start = [0], 1
    for _, _, column, factor, limits in STEPS:
        value = round(float(row[column]) * factor)
        places.append(start + sum(value >= limit for limit in limits))
        start += len(limits) + 1
    return places


def fitted(rows):
    """Weights of the constant and of every step."""
    size = 1 + sum(len(step[4]) + 1 for step in STEPS)
    weights = [0.0] * size
    for _ in range(12):
        slope, bend = [0.0] * size, [[0.0] * size for _ in range(size)]
        for places, is_machine in rows:
            share = 1 / (1 + math.exp(-sum(weights[at] for at in places)))
            for a in places:
                slope[a] += is_machine - share
                line, part = bend[a], share * (1 - share)
                for b in places:
                    line[b] += part
        penalise(weights, slope, bend)
        change = solved(bend, slope)
        weights = [weight + by for weight, by in zip(weights, change)]
        if max(map(abs, change)) < 1e-4:
            break
    return weights


def penalise(weights, slope, bend):
    """Adds to both derivatives what draws steps together and to zero."""
    start = 1
    for step in STEPS:
        for at in range(start, start + len(step[4]) + 1):
            slope[at] -= SMALL * weights[at]
            bend[at][at] += SMALL
            if at > start:
                apart = weights[at] - weights[at - 1]
                for one, sign in ((at, 1), (at - 1, -1)):
                    slope[one] -= SMOOTH * sign * apart
                    bend[one][one] += SMOOTH
                bend[at][at - 1] -= SMOOTH
                bend[at - 1][at] -= SMOOTH
        start += len(step[4]) + 1
    bend[0][0] += 1e-6


def solved(matrix, right):
    """The solution of a system of linear equations (Gauss)."""
    n = len(right)
    rows = [line[:] + [value] for line, value in zip(matrix, right)]
    for i in range(n):
        top = max(range(i, n), key=lambda row: abs(rows[row][i]))
        rows[i], rows[top] = rows[top], rows[i]
        for row in rows[i + 1:]:
            by = row[i] / rows[i][i]
            if by:
                for j in range(i, n + 1):
                    row[j] -= by * rows[i][j]
    out = [0.0] * n
    for i in reversed(range(n)):
        out[i] = (rows[i][n] - sum(rows[i][j] * out[j] for j in range(i + 1, n))) / rows[i][i]
    return out


def threshold(rows, people):
    """Hundredths of log odds, by cards that were fitted without the voice that they judge."""
    fold = {voice: number % FOLDS for number, voice in enumerate(sorted({row["voice"] for row in rows}))}
    scores = []
    for number in range(FOLDS):
        weights = fitted([(vector(row), row["class"] == "machine") for row in rows if fold[row["voice"]] != number])
        judged = (row for row in rows if fold[row["voice"]] == number)
        scores += [(sum(weights[at] for at in vector(row)), row) for row in judged]
    # What one of a kind stands for in the test.
    listed = pathlib.Path(__file__).with_name("openings.toml").read_text(encoding="utf-8")
    shares = tomllib.loads(listed)["test"]["shares"]["person"]
    counts = collections.Counter(row["subtype"] for row in people)
    wrong, limit = 0.0, math.inf
    for score, row in sorted(scores, key=lambda scored: -scored[0]):
        if row["class"] == "person":
            wrong += shares[row["subtype"]] / counts[row["subtype"]]
        if wrong > PEOPLE_AT_MOST:
            limit = score
            break
    for kind in sorted({row["subtype"] for row in rows}):
        of = [score for score, row in scores if row["subtype"] == kind]
        print(f"{kind}: {sum(score > limit for score in of)} of {len(of)} above {limit:.2f}", file=sys.stderr)
    return math.ceil(limit * 100) + 1


def main():
    with open(sys.argv[1], encoding="utf-8", newline="") as lines:
        everyone = [row for row in csv.DictReader(lines) if row["subtype"] not in ("trick", "sit")]
    people = [row for row in everyone if row["class"] == "person"]
    rows = [row for row in everyone if row["by_shape"] == "1" and float(row["span"]) * 1000 >= SHORTEST]
    weights = fitted([(vector(row), row["class"] == "machine") for row in rows])
    print("//! What each feature of a complete greeting says, in hundredths of the logarithm of the odds that it is a machine.")
    print("//! Made by tools/train-detection.py: do not edit.\n\nuse crate::judge::Steps;\n")
    print(f"/// What is said before any feature is known.\npub(crate) const BASE: i32 = {round(weights[0] * 100)};")
    print(f"/// From here on it is called a machine.\npub(crate) const MACHINE_FROM: i32 = {threshold(rows, people)};")
    start = 1
    for name, what, _, _, limits in STEPS:
        points = [round(weight * 100) for weight in weights[start:start + len(limits) + 1]]
        grouped = ", ".join(f"{limit:_}" for limit in limits)
        print(f"/// {what}\npub(crate) const {name}: Steps<{len(limits)}, {len(points)}> = Steps {{")
        print(f"    below: [{grouped}],\n    points: {points},\n}};")
        start += len(points)


main()
