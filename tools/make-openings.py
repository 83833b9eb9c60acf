#!/usr/bin/env python3
"""Speaks the openings of calls that answer detection is trained on and judged by.

Usage: make-openings.py FOLDER train|test|check|check2|check3|check4|check5 [PEOPLE MACHINES]. Writes FOLDER/speech/*.wav (8 kHz mono, quiet
ends cut off) and FOLDER/openings.csv. What is said, and by which voices, stands in tools/openings.toml. Silence, noise, level,
coding, clipped starts, beeps and special tones are only written down; media/detect/examples/openings puts them together.
The same seed gives the same list.

Needs espeak-ng, flite and sox from Debian (tools/needs openings).
"""

import csv
import hashlib
import os
import pathlib
import random
import re
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor

SEED = 20261
PEOPLE, MACHINES = 2000, 1000
LANGUAGES = {"en": 0.7, "es": 0.15, "pt": 0.15}
# flite speaks English only.
FLITE_PART = 0.25
WITHOUT_BEEP = {"nobeep", "ivr", "screening", "sit"}
SITS = ["ic", "vc", "ro", "nc", "io", "itu"]
# Quieter than this at the ends is no speech (sox: a part of full scale).
SILENCE = "0.6%"
FIELDS = ["id", "class", "subtype", "voice", "pitch", "wpm", "files", "clip_s", "lead_s", "pause_s", "beep_gap_s", "beep_hz",
          "beep_s", "sit", "snr_db", "noise", "law", "rms", "pattern",
          "text"]


def opening(rng, part, number, is_person):
    """One line of openings.csv, without its files."""
    language = drawn(rng, LANGUAGES)
    said = part[language]
    kind = "person" if is_person else "machine"
    subtype = drawn(rng, part["shares"][kind])
    pattern = rng.choice(said[kind][subtype])
    text = filled(rng, said, pattern)
    row = {
        "id": f"{number:04}", "class": kind, "subtype": subtype, "voice": voice(rng, part["voices"], language),
        "pitch": rng.choice(part["pitches"]), "wpm": rng.choice(part["speeds"]),
        "clip_s": round(rng.uniform(0.02, 0.12), 3) if rng.random() < 0.15 else 0,
        "lead_s": round(rng.uniform(0.0, 1.3) if is_person else rng.uniform(0.3, 1.8), 2),
        "pause_s": round(rng.uniform(0.4, 1.8), 2) if "|" in text else 0,
        "beep_gap_s": 0, "beep_hz": 0, "beep_s": 0, "sit": rng.choice(SITS) if subtype == "sit" else "",
        "snr_db": rng.choice(["clean", "30", "20", "10"]),
        "noise": rng.choices(["white", "pink", "hum"], [0.7, 0.2, 0.1])[0], "law": rng.choice(["a", "u"]),
        "rms": round(10 ** rng.uniform(2.9, 3.7)), "pattern": hashlib.sha256(pattern.encode()).hexdigest()[:8], "text": text,
    }
    if not is_person and subtype not in WITHOUT_BEEP:
        row["beep_gap_s"] = round(rng.uniform(2.2, 3.2) if subtype == "trick" else rng.uniform(0.2, 0.85), 2)
        row["beep_hz"], row["beep_s"] = rng.choice(part["beeps_hz"]), rng.choice([0.2, 0.25, 0.3, 0.4, 0.5, 0.8])
    return row


def drawn(rng, shares):
    """One of the keys, each as often as its share says."""
    return rng.choices(list(shares), list(shares.values()))[0]


def filled(rng, said, pattern):
    """A pattern with its choices made and its places filled."""
    text = re.sub(r"\(([^)]*)\)", lambda choice: rng.choice(choice[1].split("/")), pattern)
    while "{" in text:
        text = re.sub(r"\{(\w+)\}", lambda place: rng.choice(said[place[1]]), text)
    return text[0].upper() + text[1:]


def voice(rng, voices, language):
    """flite's `fl:name`, or espeak-ng's `es:language+variant`."""
    if language == "en" and rng.random() < FLITE_PART:
        return "fl:" + rng.choice(voices["flite"])
    return "es:" + "+".join(filter(None, [rng.choice(voices[language]), rng.choice(voices["variants"])]))


def speak(folder, name, spoken):
    """Writes a file of a text spoken by a voice, unless it is there."""
    path = folder / name
    if path.exists():
        return
    text, voice, pitch, wpm = spoken
    kind, _, which = voice.partition(":")
    if kind == "es":
        said = run("espeak-ng", "-v", which, "-s", str(wpm), "-p", str(pitch), "--stdout", text).stdout
    else:
        raw = path.with_suffix(".raw.wav")
        # The middle of espeak-ng's pitches is the voice's own.
        run("flite", "-voice", which, "--setf", f"duration_stretch={170 / wpm:.3f}", "--setf",
            f"f0_shift={0.8 + pitch / 250:.3f}", "-t", text, "-o", str(raw))
        said = raw.read_bytes()
        raw.unlink()
    cut = ["silence", "1", "0.01", SILENCE, "reverse"]
    part = path.with_suffix(".part")
    run("sox", "-D", "-V1", "-t", "wav", "--ignore-length", "-", "-t", "wav", "-b", "16", "-c", "1", str(part), "rate", "8000",
        "norm", "-3", *cut, *cut, given=said)
    os.replace(part, path)


def run(*command, given=None):
    """Runs a program; its failure is ours."""
    return subprocess.run(command, input=given, check=True, capture_output=True)


def main():
    folder, name = pathlib.Path(sys.argv[1]), sys.argv[2]
    people, machines = (int(count) for count in sys.argv[3:5]) if len(sys.argv) > 3 else (PEOPLE, MACHINES)
    (folder / "speech").mkdir(parents=True, exist_ok=True)
    part = tomllib.loads(pathlib.Path(__file__).with_name("openings.toml").read_text(encoding="utf-8"))[name]
    rng = random.Random(f"{SEED} {name}")
    rows = [opening(rng, part, number, number < people) for number in range(people + machines)]
    wanted = {}
    for row in rows:
        parts = [(text.strip(), row["voice"], row["pitch"], row["wpm"]) for text in row["text"].split("|")]
        names = [f"speech/{hashlib.sha256(repr(spoken).encode()).hexdigest()[:16]}.wav" for spoken in parts]
        wanted.update(zip(names, parts))
        row["files"] = ";".join(names)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda item: speak(folder, *item), wanted.items()))
    with open(folder / "openings.csv", "w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(f"{len(rows)} openings, {len(wanted)} spoken texts in {folder}")


main()
