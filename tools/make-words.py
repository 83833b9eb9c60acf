#!/usr/bin/env python3
"""Speaks what the word spotter of answer detection is trained with: sentences out of order, words at random.

Usage: make-words.py FILE.npz COUNT [SEED]. Voices, names and sentences are those of `train` in tools/openings.toml, the words
those of tools/words.toml. Of each utterance it keeps its colours as media/detect/src/bands.rs has them, with noise, level and
coding, and where each word stands: espeak-ng and Festival say so, for flite it follows from its phones. Besides the training's voices
espeak-ng speaks with voices that are invented at random, so that the network learns words and not who says them.

Needs numpy (pip install numpy), flite, Festival (festvox-kdlpc16k) and espeak-ng's library; half an hour for 24,000.
"""

import ctypes
import functools
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib

import numpy as np

RATE, FRAME, WINDOW, BANDS = 8000, 160, 512, 20
# Parts of the languages, and of English that flite and Festival speak.
LANGUAGES, FLITE_PART, FESTIVAL_PART = {"en": 0.66, "es": 0.17, "pt": 0.17}, 0.24, 0.14
# Invented voices, and the part of espeak-ng's utterances that they speak.
INVENTED, INVENTED_PART = 200, 0.7
# Frames: what is said to be longer was not understood.
LONGEST_WORD = 90
HERE = pathlib.Path(__file__).parent
# As in bands.rs.
EDGES_HZ = [200.0, 269.6, 344.6, 425.3, 512.3, 606.1, 707.0, 815.8, 933.0, 1059.3, 1195.3, 1341.9, 1499.7, 1669.8, 1853.1,
            2050.5, 2263.1, 2492.2, 2739.0, 3004.9, 3291.4, 3600.0]


class Espeak:
    """espeak-ng's library: speech with the time of every word."""

    class Event(ctypes.Structure):
        _fields_ = [("kind", ctypes.c_int), ("number", ctypes.c_uint), ("text_position", ctypes.c_int), ("length", ctypes.c_int),
                    ("audio_ms", ctypes.c_int), ("sample", ctypes.c_int), ("user", ctypes.c_void_p), ("id", ctypes.c_char * 8)]

    def __init__(self, rng):
        self.library = ctypes.CDLL("libespeak-ng.so.1")
        self.folder = tempfile.TemporaryDirectory()
        self.library.espeak_Initialize(1, 0, None, 0)
        path = ctypes.c_char_p()
        self.library.espeak_Info(ctypes.byref(path))
        known, own = pathlib.Path(path.value.decode()), pathlib.Path(self.folder.name, "espeak-ng-data")
        self.library.espeak_Terminate()
        shutil.copytree(known, own, ignore=lambda *_: ["mb", "mbrola_ph"])
        # It knows 350 voices at most.
        for path in (own / "lang").rglob("*"):
            if path.is_file() and path.name[:2] not in LANGUAGES:
                path.unlink()
        for number in range(INVENTED):
            (own / "voices" / "!v" / f"own{number}").write_text(invented(rng, number))
        self.rate = self.library.espeak_Initialize(1, 0, self.folder.name.encode(), 0)
        self.samples, self.words = [], []
        form = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(self.Event))
        self.heard = form(self.hear)
        self.library.espeak_SetSynthCallback(self.heard)

    def hear(self, samples, count, events):
        """Called by the library."""
        if count:
            self.samples.append(ctypes.string_at(samples, 2 * count))
        at = 0
        while events[at].kind:
            if events[at].kind == 1:
                self.words.append((events[at].text_position - 1, events[at].audio_ms / 1000))
            at += 1
        return 0

    def speak(self, voice, wpm, pitch, text):
        """Samples, and where in the text what is said begins when (s)."""
        self.samples, self.words = [], []
        # The library knows voices by their files.
        named = voice.replace("en-gb+", "en+")
        assert self.library.espeak_SetVoiceByName(named.encode()) == 0, voice
        self.library.espeak_SetParameter(1, wpm, 0)
        self.library.espeak_SetParameter(3, pitch, 0)
        # Positions count letters of the text, so that it is handed over as it is.
        coded = text.encode()
        self.library.espeak_Synth(coded, len(coded) + 1, 0, 1, 0, 1, None, None)
        self.library.espeak_Synchronize()
        return np.frombuffer(b"".join(self.samples), np.int16).astype(np.float64), in_order(self.words)


def in_order(words):
    """Events without those that point back, which come with some stops."""
    out = []
    for place, when in words:
        if place >= 0 and (not out or place > out[-1][0] and when >= out[-1][1]):
            out.append((place, when))
    return out


def invented(rng, number):
    """A voice of a throat, a pitch and a manner of its own."""
    size, high = rng.choice([(rng.uniform(0.88, 1.04), rng.uniform(65, 120)), (rng.uniform(1.04, 1.25), rng.uniform(125, 210))])
    lines = ["language variant", f"name own{number}", f"pitch {high:.0f} {high * rng.uniform(1.1, 1.6):.0f}"]
    for formant in range(9):
        freq, strength, width = 100 * size * rng.uniform(0.93, 1.07), rng.uniform(60, 115), rng.uniform(80, 160)
        lines.append(f"formant {formant} {freq:.0f} {strength:.0f} {width:.0f}")
    lines += [f"flutter {rng.randint(0, 6)}", f"roughness {rng.randint(0, 4)}", f"voicing {rng.randint(70, 130)}",
              f"consonants {rng.randint(70, 120)} {rng.randint(70, 120)}", f"intonation {rng.randint(1, 4)}"]
    if rng.random() < 0.2:
        lines.append(f"klatt {rng.randint(1, 5)}")
    elif rng.random() < 0.2:
        lines.append("breath 0 2 3 3 3 3 3 2")
    return "\n".join(lines) + "\n"


def flite(voice, stretch, shift, text):
    """The same of flite."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as out:
        told = flite_phones(voice, text, "--setf", f"duration_stretch={stretch:.3f}", "--setf", f"f0_shift={shift:.3f}",
                            out=out.name)
        said = pathlib.Path(out.name).read_bytes()
    samples = np.frombuffer(said[44:44 + (len(said) - 44) // 2 * 2], np.int16).astype(np.float64)
    # A word begins where as many phones end as the words before it have.
    phones, start = [], 0.0
    for name, end in told:
        if name != "pau":
            phones.append(start)
        start = end
    words = [(word.start(), phones_of(word[0])) for word in re.finditer(r"\S+", text)]
    each, before, starts = len(phones) / max(sum(count for _, count in words), 1), 0, []
    for place, count in words:
        starts.append((place, phones[min(round(before * each), len(phones) - 1)]))
        before += count
    return samples, starts


def flite_phones(voice, text, *more, out="none"):
    """Phones that flite says, each with its end (s)."""
    told = subprocess.run(["flite", "-voice", voice, "-psdur", *more, "-t", text, "-o", out], check=True, capture_output=True,
                          text=True).stdout
    return [(name, float(end)) for name, _, end in (phone.partition(":") for phone in told.split())]


@functools.cache
def phones_of(word):
    """How many phones a word has: all voices read by the same rules."""
    return sum(name != "pau" for name, _ in flite_phones("rms", word))


class Festival:
    """The same of Festival, which is told what to do line by line."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.told = subprocess.Popen(["festival", "--pipe"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def speak(self, voice, stretch, pitch, text):
        """Samples, and where in the text what is said begins when (s); the pitch is in hertz."""
        path = pathlib.Path(self.folder.name, "said.wav")
        path.unlink(missing_ok=True)
        plain = text.replace("\\", "").replace('"', "")
        self.told.stdin.write(
            f"(voice_{voice}) (Parameter.set 'Duration_Stretch {stretch:.3f}) "
            f"(set! int_lr_params '((target_f0_mean {pitch:.0f}) (target_f0_std {pitch / 8:.0f}) (model_f0_mean 170) (model_f0_std 34))) "
            f"(set! said (SynthText \"{plain}\")) (utt.save.wave said \"{path}\" 'riff) "
            "(mapcar (lambda (word) (format t \"word %s %f\\n\" (item.feat word \"R:Token.parent.id\") "
            "(item.feat word \"word_start\"))) (utt.relation.items said 'Word)) (format t \"over\\n\") (fflush nil)\n")
        self.told.stdin.flush()
        starts = {}
        while (line := self.told.stdout.readline().split()) != ["over"]:
            if not line:
                raise EOFError("festival has ended")
            if line[0] == "word":
                starts.setdefault(line[1], float(line[2]))
        said = path.read_bytes()
        words = [word.start() for word in re.finditer(r"\S+", plain)]
        # What it reads as another number of words cannot be placed.
        placed_words = list(zip(words, starts.values())) if len(words) == len(starts) else []
        return np.frombuffer(said[44:44 + (len(said) - 44) // 2 * 2], np.int16).astype(np.float64), placed_words


class Texts:
    """What is said: sentences as they are, in pieces and in any order, and words at random."""

    def __init__(self, rng):
        self.rng = rng
        self.said = tomllib.loads((HERE / "openings.toml").read_text(encoding="utf-8"))["train"]
        words = tomllib.loads((HERE / "words.toml").read_text(encoding="utf-8"))
        self.fillers = {language: text.split() for language, text in words.pop("fillers").items()}
        self.classes = [(language, meaning) for language in words for meaning in words[language]]
        self.forms = {}
        for number, (language, meaning) in enumerate(self.classes):
            for form in words[language][meaning]:
                self.forms.setdefault(language, []).append((form.split(), number))
        self.patterns = {
            language: [pattern for kind in ("person", "machine") for patterns in self.said[language][kind].values()
                       for pattern in sorted(set(patterns))] for language in LANGUAGES}

    def sentence(self, language):
        """A sentence of the training's openings."""
        text = re.sub(r"\(([^)]*)\)", lambda choice: self.rng.choice(choice[1].split("/")), self.rng.choice(self.patterns[language]))
        while "{" in text:
            text = re.sub(r"\{(\w+)\}", lambda place: self.rng.choice(self.said[language][place[1]]), text)
            text = re.sub(r"\(([^)]*)\)", lambda choice: self.rng.choice(choice[1].split("/")), text)
        return text.replace("|", ",").replace(" ,", ",")

    def pieces(self, language):
        """Pieces of three sentences in any order."""
        words = [re.sub(r"[.,?!¿¡:;]", "", word) for _ in range(3) for word in self.sentence(language).split()]
        pieces = []
        while words:
            size = self.rng.choice([1, 1, 2, 2, 3])
            pieces.append(" ".join(words[:size]))
            words = words[size:]
        self.rng.shuffle(pieces)
        return self.joined(pieces[:self.rng.randint(3, 7)])

    def salad(self, language):
        """Words that mean something here and words that do not, at random."""
        pick = lambda: " ".join(self.rng.choice(self.forms[language])[0]) if self.rng.random() < 0.5 else self.rng.choice(
            self.fillers[language])
        return self.joined([pick() for _ in range(self.rng.randint(4, 10))])

    def joined(self, pieces):
        """One text of pieces, with some stops."""
        return "".join(piece + self.rng.choice([" ", " ", " ", " ", ", ", ". ", "? "]) for piece in pieces).strip()

    def any(self, language):
        """Any of these."""
        return self.rng.choices([self.sentence, self.pieces, self.salad], [0.25, 0.35, 0.4])[0](language)

    def found(self, language, text):
        """Classes with the places in the text of their first and last letter."""
        words = [(re.sub(r"[.,?!¿¡:;]", "", word[0]).lower(), word.start(), word.end()) for word in re.finditer(r"\S+", text)]
        out = []
        for form, number in self.forms[language]:
            for at in range(len(words) - len(form) + 1):
                if all(words[at + n][0] == form[n] for n in range(len(form))):
                    out.append((number, words[at][1], words[at + len(form) - 1][2]))
        return out


def placed(found, starts, seconds):
    """Classes with their first and last second: what begins after the last letter ends it."""
    out = []
    for number, first, last in found:
        before = [when for place, when in starts if place <= first]
        after = [when for place, when in starts if place >= last]
        out.append((number, max(before, default=0.0), min(after, default=seconds)))
    return out


def resampled(samples, ratio):
    """So many times as many samples (Fourier)."""
    count = max(int(len(samples) * ratio), 2)
    bins = np.fft.rfft(samples)
    kept = min(len(bins), count // 2 + 1)
    out = np.zeros(count // 2 + 1, complex)
    out[:kept] = bins[:kept]
    return np.fft.irfft(out, count) * ratio


def noise(rng, kind, count):
    """Noise of a root mean square of about one, as the openings have it."""
    white = rng.standard_normal(count)
    if kind == "white":
        return white
    if kind == "hum":
        turn = 2 * np.pi * np.arange(count) / RATE
        return 1.2 * np.sin(50 * turn) + 0.6 * np.sin(150 * turn) + 0.2 * np.sin(250 * turn) + 0.1 * white
    bins = np.fft.rfft(white)
    bins /= np.sqrt(np.maximum(np.arange(len(bins)), len(bins) / 200))
    out = np.fft.irfft(bins, count)
    return out / out.std()


def coded(samples, law):
    """Through G.711, but for its table: the steps are as wide."""
    x = np.clip(samples, -32768, 32767) / 32768
    if law == "u":
        y = np.round(np.log1p(255 * np.abs(x)) / np.log(256) * 127) / 127
        return np.sign(x) * np.expm1(y * np.log(256)) / 255 * 32768
    a, size = 87.6, np.abs(x)
    scale = 1 + np.log(a)
    y = np.where(size < 1 / a, a * size, 1 + np.log(np.maximum(a * size, 1e-9))) / scale
    y = (np.floor(y * 128) + 0.5) / 128
    return np.sign(x) * np.where(y < 1 / scale, y * scale / a, np.exp(y * scale - 1) / a) * 32768


def banded():
    """What each bin adds to each band."""
    out = np.zeros((WINDOW // 2, BANDS))
    hz = np.arange(WINDOW // 2) * RATE / WINDOW
    for band, (start, middle, end) in enumerate(zip(EDGES_HZ, EDGES_HZ[1:], EDGES_HZ[2:])):
        out[:, band] = np.clip(np.minimum((hz - start) / (middle - start), (end - hz) / (end - middle)), 0, None)
    return out


def colours(samples, bands=banded()):
    """Half decibels in each band, every 20 ms, of the last 64."""
    padded = np.concatenate([np.zeros(WINDOW - FRAME), samples[:len(samples) // FRAME * FRAME]])
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::FRAME]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)
    power = np.abs(np.fft.rfft(windows * hann)[:, :WINDOW // 2]) ** 2 * (2 / (WINDOW * WINDOW * 0.375))
    return np.clip(20 * np.log10(power @ bands + 1), 0, 255).astype(np.uint8)


def utterance(texts, espeak, festival, rng, numbers):
    """Colours, and the classes in it with their first and last frame."""
    language = rng.choices(list(LANGUAGES), list(LANGUAGES.values()))[0]
    voices = texts.said["voices"]
    text = texts.any(language)
    # Another throat: higher and faster, or lower and slower.
    longer = rng.uniform(0.86, 1.16) if rng.random() < 0.6 else 1.0
    by = rng.random() if language == "en" else 1
    if by < FLITE_PART + FESTIVAL_PART:
        # There are few of these voices: they become women and men.
        longer, rate = rng.uniform(0.76, 1.15), 16000
        stretch, shift = rng.uniform(0.8, 1.3) / longer, rng.uniform(0.75, 1.6)
        if by < FLITE_PART:
            voice = rng.choice(voices["flite"])
            samples, starts = flite(voice, stretch, shift, text)
        else:
            voice = rng.choice(voices["festival"])
            samples, starts = festival.speak(voice, stretch, 110 * shift, text)
    else:
        variant = f"own{rng.randrange(INVENTED)}" if rng.random() < INVENTED_PART else rng.choice(voices["variants"])
        voice = f"{rng.choice(voices[language])}+{variant}"
        samples, starts = espeak.speak(voice, rng.randint(130, 210), rng.randint(15, 85), text)
        rate = espeak.rate
    words = placed(texts.found(language, text), starts, len(samples) / rate)
    samples = resampled(samples, RATE / rate * longer)
    if rng.random() < 0.5:
        tilt = rng.uniform(-0.5, 0.4)
        samples[1:] = samples[1:] + tilt * samples[:-1]
    power = (samples[:len(samples) // FRAME * FRAME].reshape(-1, FRAME) ** 2).mean(1)
    rms = 10 ** rng.uniform(2.9, 3.7)
    samples = np.clip(samples * rms / np.sqrt(power[power > power.max() / 100].mean()), -32000, 32000)
    lead = rng.randint(0, 40) * FRAME
    call = np.concatenate([np.zeros(lead), samples, np.zeros(20 * FRAME)])
    if (level := rng.choice([None, 30, 20, 15, 10, 10])) is not None:
        kind = rng.choices(["white", "pink", "hum"], [0.65, 0.25, 0.1])[0]
        call += noise(numbers, kind, len(call)) * rms / 10 ** (level / 20)
    call = coded(np.round(call), rng.choice("au"))
    at = lambda second: int((second * longer * RATE + lead) / FRAME)
    # Words before a stop end before it.
    is_loud = np.concatenate([np.zeros(lead // FRAME, bool), power > power.max() / 1000, np.zeros(21, bool)])
    out = []
    for number, start, end in words:
        start, end = at(start), min(at(end), len(is_loud) - 1)
        while end > start + 5 and not is_loud[end - 1]:
            end -= 1
        if 4 <= end - start <= LONGEST_WORD:
            out.append((number, start, end))
    return colours(call), out


def main():
    path, count = sys.argv[1], int(sys.argv[2])
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    rng, numbers = random.Random(seed), np.random.default_rng(seed)
    espeak, festival = Espeak(rng), Festival()
    texts = Texts(rng)
    sounds, words = [], []
    while len(sounds) < count:
        sound, found = utterance(texts, espeak, festival, rng, numbers)
        if 40 < len(sound) < 700:
            words += [(len(sounds), *word) for word in found]
            sounds.append(sound)
    np.savez(path, sound=np.concatenate(sounds), lengths=[len(sound) for sound in sounds], words=np.array(words, np.int32),
             classes=[f"{language} {meaning}" for language, meaning in texts.classes])
    frames = sum(map(len, sounds))
    print(f"{count} utterances, {frames / 50 / 3600:.1f} hours, {len(words)} words in {path}")


if __name__ == "__main__":
    main()
