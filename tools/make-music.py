#!/usr/bin/env python3
"""Makes config/prompts/music/music.wav: sixteen seconds of soft chords that loop.

The tune and the sound are our own and free of rights. No partial lies near the
440 Hz and 1000 Hz that tests listen for. Usage: make-music.py OUTPUT.wav
"""

import math
import struct
import sys
import wave

RATE = 8000
CHORD_S = 4
# E flat, C minor, A flat, B flat: four bars, three voices and a bass each (Hz).
CHORDS = [
    (155.56, 311.13, 392.00, 466.16),
    (130.81, 311.13, 392.00, 523.25),
    (207.65, 311.13, 415.30, 523.25),
    (116.54, 293.66, 349.23, 466.16),
]


def envelope(at, length):
    """Rises in half a second and dies away, so that bars and the loop join in silence."""
    return min(1.0, at / 0.5) * min(1.0, (length - at) / 1.2)


def voice(hz, at):
    """A sine with a little of its second and third harmonic."""
    turn = 2 * math.pi * hz * at
    return math.sin(turn) + 0.25 * math.sin(2 * turn) + 0.1 * math.sin(3 * turn)


def samples():
    for chord in CHORDS:
        for n in range(RATE * CHORD_S):
            at = n / RATE
            # Notes enter one after the other, like a slow arpeggio.
            notes = (
                voice(hz, at) * envelope(max(0.0, at - 0.4 * nth), CHORD_S - 0.4 * nth)
                for nth, hz in enumerate(chord)
            )
            yield int(1800 * sum(notes))


def main():
    with wave.open(sys.argv[1], "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(b"".join(struct.pack("<h", max(-32768, min(32767, s))) for s in samples()))


if __name__ == "__main__":
    main()
