#!/usr/bin/env python3
"""Fits media/detect/src/card.rs: what each feature of a greeting, and each word heard in it, says about who speaks.

Usage: train-detection.py ROWS > media/detect/src/card.rs, where ROWS is what `openings FOLDER --rows` printed for a
folder of tools/make-openings.py's part `train`. A logistic regression over steps of each feature and over how sure each word
was heard, by Newton's method. Neighbouring steps are drawn together, so that a step with few openings says what its neighbours
say, and words of the same meaning in several languages too. Only openings that the card is asked about count: no tone, and a
span of SHORTEST or more. The threshold is the lowest at which at most PEOPLE_AT_MOST of the people, in the test's shares, are
called machines by cards that were fitted without their voice and without their sentence.

Needs numpy (pip install numpy).
"""

import collections
import csv
import math
import pathlib
import sys
import tomllib

import numpy as np

SHORTEST = 1600
# name, unit, column, factor, limits of its steps
STEPS = [
    ("LEAD_MS", "From the answer to the first word.", "lead", 1000, [400, 700, 1000]),
    ("LONGEST_MS", "The longest phrase.", "longest", 1000, [800, 1200, 1600, 2000, 2400, 2800, 3400]),
    ("OPENING_MS", "The first phrase.", "opening", 1000, [300, 500, 700, 900, 1200, 1600, 2000, 2600]),
    ("PAUSE_MS", "The longest pause.", "pause", 1000, [160, 220, 280, 340, 400, 480, 560, 660, 800]),
    ("MEAN_PAUSE_MS", "A pause, on average.", "mean_pause", 1000, [160, 190, 220, 250, 280, 320, 370, 430, 500, 600]),
    ("SYLLABLES", "Syllables, about.", "syllables", 1, [11, 13, 15, 17, 19, 21, 23, 25, 28]),
    ("ENDING", "How much of the voice was lower than its end, percent.", "ending", 1, [5, 10, 20, 30, 45, 60, 80]),
    ("HIGHEST_ENDING", "The same of the highest end of a sentence.", "highest_ending", 1, [5, 10, 20, 30, 45, 60, 80]),
    ("SPAN_MS", "From the first word to the last.", "span", 1000, [2000, 2400, 2800, 3200, 3600, 4200, 5000, 6000]),
]
# How hard neighbouring steps are drawn together, and all steps to zero; meanings to zero, and words to their meaning.
SMOOTH, SMALL, MEANING, WORD = 30.0, 0.5, 1.0, 4.0
VOICE_FOLDS, SENTENCE_FOLDS = 4, 4
PEOPLE_AT_MOST = 0.01
HERE = pathlib.Path(__file__).parent


def listed_words():
    """Language and meaning of each word that is listened for, in their order."""
    words = tomllib.loads((HERE / "words.toml").read_text(encoding="utf-8"))
    return [(language, meaning) for language in words if language != "fillers" for meaning in words[language]]


def matrix(rows, words):
    """What is known of each row: a constant, one step of each feature, how sure each meaning was heard, and each word."""
    blocks = [np.ones((len(rows), 1))]
    for _, _, column, factor, limits in STEPS:
        values = np.array([round(float(row[column]) * factor) for row in rows])
        steps = np.searchsorted(limits, values, side="right")
        blocks.append((steps[:, None] == np.arange(len(limits) + 1)).astype(float))
    heard = np.array([np.frombuffer(bytes.fromhex(row["words"]), np.uint8) for row in rows]) / 100
    # Little counts what may have been something else.
    heard = heard ** 2
    return np.concatenate(blocks + [heard @ meanings(words), heard], 1)


def meanings(words):
    """Which word means what."""
    names = sorted({meaning for _, meaning in words})
    return np.array([[float(meaning == name) for name in names] for _, meaning in words])


def penalty(words):
    """What draws weights together and to zero: the second derivatives."""
    sizes = [len(step[4]) + 1 for step in STEPS]
    steps, each = sum(sizes), meanings(words).shape[1]
    out = np.diag([1e-6] + [SMALL] * steps + [MEANING] * each + [WORD] * len(words))
    start = 1
    for size in sizes:
        for at in range(start + 1, start + size):
            out[at, at] += SMOOTH
            out[at - 1, at - 1] += SMOOTH
            out[at, at - 1] -= SMOOTH
            out[at - 1, at] -= SMOOTH
        start += size
    return out


def fitted(known, machines, drawn):
    """Weights of all that is known."""
    weights = np.zeros(known.shape[1])
    for _ in range(15):
        share = 1 / (1 + np.exp(-known @ weights))
        bend = known.T @ (known * (share * (1 - share))[:, None]) + drawn
        change = np.linalg.solve(bend, known.T @ (machines - share) - drawn @ weights)
        weights += change
        if np.abs(change).max() < 1e-4:
            break
    return weights


def judged_by_others(known, machines, rows, drawn):
    """Log odds of each row by a card that was fitted without its voice and its sentence."""
    voices = {voice: number % VOICE_FOLDS for number, voice in enumerate(sorted({row["voice"] for row in rows}))}
    voice = np.array([voices[row["voice"]] for row in rows])
    sentence = np.array([int(row["pattern"], 16) % SENTENCE_FOLDS for row in rows])
    scores = np.zeros(len(rows))
    for a in range(VOICE_FOLDS):
        for b in range(SENTENCE_FOLDS):
            others, these = (voice != a) & (sentence != b), (voice == a) & (sentence == b)
            scores[these] = known[these] @ fitted(known[others], machines[others], drawn)
    return scores


def threshold(scores, rows, people):
    """Hundredths of log odds."""
    # What one of a kind stands for in the test.
    shares = tomllib.loads((HERE / "openings.toml").read_text(encoding="utf-8"))["test"]["shares"]["person"]
    counts = collections.Counter(row["subtype"] for row in people)
    wrong, limit = 0.0, math.inf
    for score, row in sorted(zip(scores, rows), key=lambda scored: -scored[0]):
        if row["class"] == "person":
            wrong += shares[row["subtype"]] / counts[row["subtype"]]
        if wrong > PEOPLE_AT_MOST:
            limit = score
            break
    for kind in sorted({row["subtype"] for row in rows}):
        of = [score for score, row in zip(scores, rows) if row["subtype"] == kind]
        print(f"{kind}: {sum(score > limit for score in of)} of {len(of)} above {limit:.2f}", file=sys.stderr)
    return math.ceil(limit * 100) + 1


def main():
    with open(sys.argv[1], encoding="utf-8", newline="") as lines:
        everyone = [row for row in csv.DictReader(lines) if row["subtype"] not in ("trick", "sit")]
    people = [row for row in everyone if row["class"] == "person"]
    rows = [row for row in everyone if row["by_shape"] == "1" and float(row["span"]) * 1000 >= SHORTEST]
    words = listed_words()
    known, drawn = matrix(rows, words), penalty(words)
    machines = np.array([row["class"] == "machine" for row in rows], float)
    limit = threshold(judged_by_others(known, machines, rows, drawn), rows, people)
    write(fitted(known, machines, drawn), limit, words)


def write(weights, limit, words):
    """Prints card.rs."""
    print("//! What each feature of a complete greeting says, in hundredths of the logarithm of the odds that it is a machine.")
    print("//! Made by tools/train-detection.py: do not edit.\n\nuse crate::judge::Steps;\n")
    print(f"/// What is said before any feature is known.\npub(crate) const BASE: i32 = {round(weights[0] * 100)};")
    print(f"/// From here on it is called a machine.\npub(crate) const MACHINE_FROM: i32 = {limit};")
    print(f"/// What takes less time, a person may say as well, ms.\npub(crate) const SHORTEST_MS: u64 = {SHORTEST:_};")
    start = 1
    for name, what, _, _, limits in STEPS:
        points = [round(weight * 100) for weight in weights[start:start + len(limits) + 1]]
        grouped = ", ".join(f"{limit:_}" for limit in limits)
        print(f"/// {what}\npub(crate) const {name}: Steps<{len(limits)}, {len(points)}> = Steps {{")
        print(f"    below: [{grouped}],\n    points: {points},\n}};")
        start += len(points)
    each = meanings(words)
    points = np.round((each @ weights[start:start + each.shape[1]] + weights[-len(words):]) * 100).astype(int)
    print("/// Words, where they are surely heard.")
    print(f"pub(crate) const WORDS: [i16; {len(words)}] = [")
    for language in dict.fromkeys(language for language, _ in words):
        print(f"    // {language}")
        for (of, meaning), number in zip(words, points):
            if of == language:
                print(f"    {number}, // {meaning}")
    print("];")


if __name__ == "__main__":
    main()
