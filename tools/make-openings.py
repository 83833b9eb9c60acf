#!/usr/bin/env python3
"""Speaks the openings of calls that `make detect` judges answer detection by.

Usage: make-openings.py FOLDER [COUNT]. Writes FOLDER/speech/*.wav (8 kHz mono, quiet ends cut off) and
FOLDER/openings.csv: COUNT openings for training and as many for the test, half of them people, half machines. Voices
and texts of the two parts differ: no voice and no sentence pattern stands in both. Silence, noise, level, beeps and special tones are
only written down; media/detect/examples/openings.rs puts them together. The same seed gives the same list.

Needs espeak-ng, flite and sox from Debian (tools/needs openings).
"""

import csv
import hashlib
import os
import pathlib
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

SEED = 20260
COUNT = 2000
# Quieter than this at the ends is no speech (sox: a part of full scale).
SILENCE = "0.6%"

# Voices: espeak-ng's language with a variant, or one of flite's.
LANGUAGES = {
    "train": ["en-us", "en-gb", "en-gb-x-rp", "en-gb-scotland"],
    "test": ["en-us", "en-029", "en-gb-x-gbclan", "en-gb-x-gbcwmd", "en-us-nyc"],
}
VARIANTS = {
    "train": ["m1", "m4", "m5", "m7", "f1", "f3", "f5", "Alex", "Andrea", "Andy", "benjamin", "David", "Denis", "Gene",
              "Henrique", "iven", "Jacky", "Lee", "linda", "Marco", "max", "michael", "klatt2", "klatt4", "croak",
              "grandpa", "Mike", "norbert", "pablo", "steph", "victor", "whisperf"],
    "test": ["", "m2", "m3", "m6", "m8", "f2", "f4", "adam", "Alicia", "anika", "Annie", "antonio", "aunty", "belinda",
             "boris", "caleb", "ed", "edward", "Gustave", "Hugo", "john", "klatt", "klatt3", "klatt5", "grandma",
             "marcelo", "miguel", "paul", "pedro", "quincy", "rob", "robert", "sandro", "shelby", "steph2", "travis",
             "zac", "Michel", "Nguyen", "whisper"],
}
FLITE = {"train": ["rms", "awb", "kal"], "test": ["slt", "kal16"]}
FLITE_PART = 0.2

NAMES = {
    "train": ["Mary", "James", "Susan", "Robert", "Karen", "Michael", "Patricia", "George", "Emma", "Daniel"],
    "test": ["Anna", "Peter", "Linda", "Tom", "Dave", "Sarah", "Christopher", "Kate", "Oliver", "Elizabeth"],
}
FIRMS = {
    "train": ["Baker Street Motors", "Northern Gas", "Kelly and Partners", "the dental practice", "Sunrise Travel",
              "Jones Electrical", "Harbour View Hotel"],
    "test": ["Miller and Sons plumbing", "Oak Street Insurance", "City Bank", "Green Valley Vets", "Riverside Clinic",
             "Anderson and Clark solicitors", "Pizza Palace"],
}
# `|` is a pause in which the person waits for an answer.
PEOPLE = {
    "train": {
        "short": ["Hello?", "Yes?", "Hi.", "Hello.", "Speaking.", "Hey.", "Good evening.", "Hiya.", "Hello there."],
        "name": ["Hello, {n} here.", "{n} speaking.", "Hi, it's {n}.", "Good afternoon, {n} speaking.",
                 "{f}, hello.", "Hello, the {n} house.", "Hello, is that you {n}?", "Yes, {n}, what is it?",
                 "Who's speaking?", "Hello, who am I talking to?", "Yes, go on."],
        "pause": ["Hello? | Who is it?", "Yes? | Hello?", "Hi. | Hello, anybody there?", "Hello, {n} here. | Hello?",
                  "Just a second. | Right, who is it?"],
        "long": ["Good afternoon, {f}, {n} speaking, how may I help?", "Hello, {f}, you are speaking to {n}.",
                 "Thank you for calling {f}, my name is {n}, how can I help you today?",
                 "{f}, good morning, which department please?", "Good evening, {f}, this is {n}, what can I do for you?",
                 "Hello, this is {n} from {f}, sorry for the wait, how can I help?"],
    },
    "test": {
        "short": ["Hello?", "Yeah?", "Hi.", "Hello.", "Yep.", "Yes hello?", "Good morning.", "Who is this?", "Hey, what is up?"],
        "name": ["Hi, this is {n} speaking.", "This is {n}.", "Hello, {n} and {f}.", "Hello, Peters residence.", "Accounts department, {n} speaking.",
                 "Hello, can you hear me?", "Morning, {f}.", "Hello, yes, this is {n}.", "Hello, who's calling please?",
                 "Sorry, I can't hear you.", "Yes, hello, {n}'s phone."],
        "pause": ["Hello? | Hello?", "Hello. | Hello, who's calling please?", "Yes, hello there, just a moment. | Okay, go ahead.",
                  "{n} speaking. | Is anyone there?", "Hey. | Can you hear me?"],
        "long": ["Good morning, {f}, this is {n}, how can I help you?", "Good afternoon, you're through to {f}, {n} speaking.",
                 "{f} reception, {n} speaking, how may I direct your call?",
                 "Hello and thank you for calling {f}, this is {n}.", "Hi there, {f}, {n} here, what can I get you?",
                 "Hello, this is {n} at {f}, can you hold for one second please?"],
    },
}
PEOPLE_PARTS = {"short": 0.36, "name": 0.34, "pause": 0.16, "long": 0.14}
MACHINES = {
    "train": {
        "personal": ["Hello, this is {n}'s phone. I can't talk just now, so leave me a message and I'll get back to you.",
                     "Hi, {n} here. Sorry, I missed you. Please speak after the beep.",
                     "This is {n}. I'm either on the other line or away. Leave your number and I will ring you back.",
                     "Hello. You've got the voicemail of {n}. Please leave a short message. Thank you."],
        "carrier": ["You have reached the voicemail box of. {d}. Please record your message after the tone.",
                    "Welcome to the voicemail service. The person you are calling cannot take your call. Please leave a message after the tone.",
                    "The mobile phone you are calling is switched off. To leave a message, speak after the tone."],
        "short": ["Please leave a message.", "It's {n}, leave a message.", "Speak after the tone.", "You've missed me."],
        "nobeep": ["The number you have called is temporarily unavailable. Please try later.",
                   "Sorry, the mobile you have called is switched off and cannot take messages. Please call again later.",
                   "The customer you are calling does not accept calls from this number. Goodbye.",
                   "This mailbox is full and cannot take any more messages. Goodbye."],
        "business": ["You are through to {f}. Nobody can take your call at the moment. Our lines are open from eight until six. Please leave a message after the tone.",
                     "Hello, you've called {f}. We are closed today. Leave your name and number and we will call you tomorrow."],
        "ivr": ["Thank you for calling {f}. For sales, press one. For service, press two. For all other questions, please hold.",
                "Hello and welcome to {f}. Please note that calls are recorded. If you know the extension, dial it now."],
        "screening": ["The person you are calling is using a screening service. Please say your name and why you are calling."],
        "sit": ["The number you have reached is not in service. Please check the number and call again.",
                "Your call cannot be completed as dialed. Please hang up and try again."],
        "trick": ["Hello?", "Hello, hello?", "Yes?"],
    },
    "test": {
        "personal": ["Hi, you've reached {n}. I can't come to the phone right now. Please leave your name and number after the tone and I will call you back as soon as I can.",
                     "You have reached the {n} family. We are not at home at the moment. Please leave a message after the beep.",
                     "Hello. This is {n}. I am sorry I missed your call. Please leave a message.",
                     "Hey, it's {n}. I'm busy, so text me, or leave a message."],
        "carrier": ["Your call has been forwarded to an automated voice messaging system. {d}, is not available. At the tone, please record your message. When you have finished recording, you may hang up, or press one for more options.",
                    "Please leave your message for. {d}.", "The person you have called is unable to take your call. Please leave a message after the tone."],
        "short": ["Leave a message.", "Hi, it's {n}. You know what to do.", "After the beep.", "{n}'s phone, leave a message."],
        "nobeep": ["The person you are trying to reach is not accepting calls at this time. Please try your call again later. Goodbye.",
                   "The subscriber you have called has a voice mailbox that has not been set up yet. Goodbye.",
                   "We are sorry. The customer you are calling is not available at present. Please try again later.",
                   "I'm sorry but the person you called has a voicemail box that is full."],
        "business": ["Thank you for calling {f}. Our office is currently closed. Our business hours are Monday to Friday, nine a m to five p m. Please leave a message after the tone.",
                     "This is {n} in accounts. I am away from my desk. If you need help right away dial zero. If not, leave your details and I will return your call."],
        "ivr": ["Welcome to {f}. For English, press one. For account balance, press two. For lost or stolen cards, press three. To speak to a representative, stay on the line.",
                "You have called {f}. Please listen carefully, as our menu has changed."],
        "screening": ["Hi. If you record your name and reason for calling, I'll see if this person is available."],
        "sit": ["The number you have dialed is not a working number. Please check the number and dial again.",
                "We are sorry. All circuits are busy now. Will you please try your call again later."],
        "trick": ["Hello?", "Hi there.", "Yeah, hello?"],
    },
}
MACHINE_PARTS = {"personal": 0.22, "carrier": 0.15, "short": 0.12, "nobeep": 0.14, "business": 0.12, "ivr": 0.07,
                 "screening": 0.05, "sit": 0.08, "trick": 0.05}
WITHOUT_BEEP = {"nobeep", "ivr", "screening", "sit"}
BEEPS_HZ = {"train": [440, 800, 950, 1050, 1200, 1633, 2000], "test": [620, 850, 1000, 1400, 1500, 1850]}
SITS = ["ic", "vc", "ro", "nc", "io", "itu"]
FIELDS = ["id", "part", "class", "subtype", "voice", "wpm", "files", "lead_s", "pause_s", "beep_gap_s", "beep_hz", "beep_s",
          "sit", "snr_db", "noise", "rms", "text"]


def opening(rng, part, number, is_person):
    """One line of openings.csv, without its files."""
    texts, parts = (PEOPLE[part], PEOPLE_PARTS) if is_person else (MACHINES[part], MACHINE_PARTS)
    subtype = rng.choices(list(parts), list(parts.values()))[0]
    digits = " ".join(rng.choice("one two three four five six seven eight nine zero".split()) for _ in range(10))
    text = rng.choice(texts[subtype]).format(n=rng.choice(NAMES[part]), f=rng.choice(FIRMS[part]), d=digits)
    if rng.random() < FLITE_PART:
        voice = "fl:" + rng.choice(FLITE[part])
    else:
        voice = "es:" + rng.choice(LANGUAGES[part]) + "+" + rng.choice(VARIANTS[part])
    row = {
        "id": f"{part}-{number:04}", "part": part, "class": "person" if is_person else "machine", "subtype": subtype,
        "voice": voice.rstrip("+"), "wpm": rng.choice([150, 160, 170, 180, 190, 200, 210]),
        "lead_s": round(rng.uniform(0.1, 1.3) if is_person else rng.uniform(0.3, 1.8), 2),
        "pause_s": round(rng.uniform(1.0, 1.8), 2) if "|" in text else 0,
        "beep_gap_s": 0, "beep_hz": 0, "beep_s": 0, "sit": "",
        "snr_db": rng.choice(["clean", "30", "20", "10"]),
        "noise": rng.choices(["white", "pink", "hum"], [0.7, 0.2, 0.1])[0],
        "rms": round(10 ** rng.uniform(2.9, 3.7)), "text": text,
    }
    if not is_person and subtype not in WITHOUT_BEEP:
        row["beep_gap_s"] = round(rng.uniform(2.2, 3.2) if subtype == "trick" else rng.uniform(0.2, 0.85), 2)
        row["beep_hz"], row["beep_s"] = rng.choice(BEEPS_HZ[part]), rng.choice([0.2, 0.25, 0.3, 0.4, 0.5, 0.8])
    if subtype == "sit":
        row["sit"] = rng.choice(SITS)
    return row


def speak(folder, voice, wpm, text):
    """The file name of a text spoken by a voice; made once."""
    name = hashlib.sha256(f"{voice} {wpm} {text}".encode()).hexdigest()[:16] + ".wav"
    path = folder / "speech" / name
    if path.exists():
        return f"speech/{name}"
    kind, _, which = voice.partition(":")
    if kind == "es":
        said = subprocess.run(["espeak-ng", "-v", which, "-s", str(wpm), "--stdout", text], check=True, capture_output=True).stdout
    else:
        raw = path.with_suffix(".raw.wav")
        subprocess.run(["flite", "-voice", which, "--setf", f"duration_stretch={170 / wpm:.3f}", "-t", text, "-o", str(raw)],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        said = raw.read_bytes()
        raw.unlink()
    cut = ["silence", "1", "0.01", SILENCE, "reverse"]
    part = path.with_suffix(".part")
    subprocess.run(["sox", "-D", "-V1", "-t", "wav", "--ignore-length", "-", "-t", "wav", "-b", "16", "-c", "1", str(part),
                    "rate", "8000", "norm", "-3", *cut, *cut], input=said, check=True)
    os.replace(part, path)
    return f"speech/{name}"


def main():
    folder = pathlib.Path(sys.argv[1])
    count = int(sys.argv[2]) if len(sys.argv) > 2 else COUNT
    (folder / "speech").mkdir(parents=True, exist_ok=True)
    rng = random.Random(SEED)
    rows = [opening(rng, part, number, number % 2 == 0) for part in ("train", "test") for number in range(count)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        spoken = [[pool.submit(speak, folder, row["voice"], row["wpm"], text.strip()) for text in row["text"].split("|")] for row in rows]
        for row, files in zip(rows, spoken):
            row["files"] = ";".join(file.result() for file in files)
    with open(folder / "openings.csv", "w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(f"{len(rows)} openings, {len(list((folder / 'speech').iterdir()))} spoken texts in {folder}")


main()
