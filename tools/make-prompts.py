#!/usr/bin/env python3
"""Makes the prompts of config/prompts/<language>/ from tools/prompts/<language>.txt.

Spoken by Debian's espeak-ng, cut and brought to 8 kHz A-law, as telephones have it, by
sox: quiet ends are taken off, so that sentences can be put together from parts. Needs both
programs (apt-get install espeak-ng sox). Usage: make-prompts.py [NAME ...]; without
names all are made. A recording of a person by the same name may replace any of them.
"""

import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Voice and words a minute: a little slower than its own 175, as telephones swallow consonants.
VOICES = {"en": ("en-gb+f3", 150), "es": ("es+f3", 150)}
# The largest number that has a file; larger ones are said in other words.
NUMBER_MAX = 60
# Loudness of speech on telephones (dBFS of the peaks), so that music and prompts match.
PEAK_DB = -4
# Quieter than this at the ends is no speech.
SILENCE = "0.5%"


def texts(language):
    """Name and text of every prompt of a language."""
    for line in (ROOT / "tools/prompts" / f"{language}.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, _, text = line.partition(":")
            yield name.strip(), text.strip()
    for number in range(1, NUMBER_MAX + 1):
        yield f"number-{number}", str(number)


def make(language, name, text):
    """Speaks one text into its file."""
    voice, pace = VOICES[language]
    path = ROOT / "config/prompts" / language / f"{name}.wav"
    path.parent.mkdir(parents=True, exist_ok=True)
    speech = subprocess.run(
        ["espeak-ng", "-v", voice, "-s", str(pace), "--stdout", text], check=True, capture_output=True
    ).stdout
    cut = ["silence", "1", "0.01", SILENCE, "reverse"]
    effects = ["gain", "-3", "highpass", "200", *cut, *cut, "rate", "8000", "norm", str(PEAK_DB), "pad", "0.02", "0.08"]
    subprocess.run(
        ["sox", "-D", "-V1", "-t", "wav", "--ignore-length", "-", "-e", "a-law", "-c", "1", str(path), *effects],
        input=speech, check=True,
    )


def main():
    wanted = set(sys.argv[1:])
    for language in VOICES:
        for name, text in texts(language):
            if not wanted or name in wanted:
                make(language, name, text)


main()
