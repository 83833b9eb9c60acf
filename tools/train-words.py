#!/usr/bin/env python3
"""Fits media/detect/src/words.bin: the network that hears the words of tools/words.toml.

Usage: train-words.py WORDS_BIN ROUNDS FILE.npz..., with what tools/make-words.py spoke. Goes on from WORDS_BIN if it is there, with
as many copies as COPIES, which see the utterances in other orders; what it writes is their mean. The last 300 utterances are not
trained with: how well their words are heard is printed. A word is to be heard somewhere from shortly before its end to a quarter
of a second after it, and nowhere else; no sentence and no speaker has a label, so that there is none to learn.

Needs numpy and torch (pip install numpy torch); half an hour on one core for 27,000 utterances.
"""

import pathlib
import sys

import numpy as np
import torch
from torch import nn

# As in media/detect/src/words.rs: inputs, outputs and stride of each layer, and how many inputs a sum takes.
BANDS, KERNEL = 20, 5
LAYERS = [(BANDS, 32, 2), (32, 48, 2), (48, 64, 1), (64, 80, 1)]
# Frames that the last layer sees, and from one of its outputs to the next.
SEES, STEP = 45, 4
# How sound is levelled: half decibels under the loudest of late, which falls by so much a frame.
FAINT, FALLS, LOWEST = 80, 1 / 16, 80
# Weights are whole numbers of 1/4096.
ONE = 4096
BATCH, RATE, DECAY, LONGEST, KEPT, COPIES = 64, 3e-3, 1e-2, 420, 300, 2
# Frames from the end of a word: where it is to be heard, first and last, and for how long it may be.
HEARD_FROM, HEARD_TO, MAY_TO = -2, 13, 25
# The bands' edges lie as ears hear pitch (mel).
EDGES_HZ = 700 * (10 ** (np.linspace(*(np.log10(1 + np.array([200, 3600]) / 700)), BANDS + 2)) - 1)
CENTRES, WIDTHS, WINDOW_S = EDGES_HZ[1:-1], (EDGES_HZ[2:] - EDGES_HZ[:-2]) / 2, 0.064
# The part of the utterances that gets more noise, another one each round, and how much under the voice it is.
NOISY, NOISES_DB = 0.4, (6, 25)
# Bands by which throats differ at most.
THROAT = 0.8
# By how many bands formants differ, and by how many half decibels lines do; how much faster is spoken at most.
FORMANTS, LINE_HALF_DB, FASTER = 0.2, 3.5, 1.15
# How much more a missed word costs than one that was not said.
MISSED = 2.0


class Words(nn.Module):
    """Convolutions, each taken every so many places, and the odds of each word."""

    def __init__(self, classes):
        super().__init__()
        self.layers = nn.ModuleList(nn.Conv1d(i, o, KERNEL, stride) for i, o, stride in LAYERS)
        self.norms = nn.ModuleList(nn.BatchNorm1d(o) for _, o, _ in LAYERS)
        self.last = nn.Conv1d(LAYERS[-1][1], classes, 1)
        nn.init.constant_(self.last.bias, -5.0)

    def forward(self, sound):
        for number, (layer, norm) in enumerate(zip(self.layers, self.norms)):
            sound = torch.relu(norm(layer(sound)))
            if number > 1:
                sound = nn.functional.dropout1d(sound, 0.05, self.training)
        return self.last(sound)


def levelled(colours):
    """Colours of one utterance as the network takes them: 1 for the loudest of late, -1 for what is 40 dB fainter."""
    fallen = np.arange(len(colours)) * FALLS
    loudest = np.maximum(np.maximum.accumulate(colours.max(1) + fallen) - fallen, LOWEST)
    return (1 - np.clip(loudest[:, None] - colours, 0, FAINT) / (FAINT / 2)).astype(np.float32)


def noisier(colours, rng):
    """The same with steady noise, between white and pink."""
    power = 10 ** (colours / 20.0)
    frames = power.sum(1)
    spread = WIDTHS * CENTRES ** -rng.uniform(0, 1)
    level = frames[frames > frames.max() / 100].mean() / 10 ** (rng.uniform(*NOISES_DB) / 10)
    many = WIDTHS * WINDOW_S / 1.5
    return 20 * np.log10(power + level * spread / spread.sum() * rng.gamma(many, 1 / many, colours.shape))


def read(paths):
    """Sounds, words (utterance, class, start, end) and names of classes."""
    sounds, words, classes = [], [], None
    for path in paths:
        part = np.load(path)
        found, classes = part["words"].copy(), part["classes"]
        found[:, 0] += len(sounds)
        words.append(found)
        sounds += np.split(part["sound"], np.cumsum(part["lengths"])[:-1])
    return sounds, np.concatenate(words), classes


def bent(rng, size, bends=4):
    """A curve over the bands through a few random places: what another throat or another line does."""
    return np.interp(np.arange(BANDS), np.linspace(0, BANDS - 1, bends), rng.normal(0, size, bends))


def of_another_throat(sound, bands):
    """What sounds in a band moved by so many bands each, less in the lowest six."""
    place = np.clip(np.arange(BANDS) + bands * np.minimum(1, np.arange(BANDS) / 6), 0, BANDS - 1.001)
    below = place.astype(int)
    share = (place - below).astype(np.float32)
    return sound[:, below] * (1 - share) + sound[:, below + 1] * share


def at_another_speed(sound, words, speed):
    """So many times as fast, with its words."""
    place = np.minimum(np.arange(0, len(sound) - 1, speed), len(sound) - 1.001)
    below = place.astype(int)
    share = (place - below).astype(np.float32)[:, None]
    return sound[below] * (1 - share) + sound[below + 1] * share, [
        (number, kind, int(start / speed), int(end / speed)) for number, kind, start, end in words]


def batch_of(sounds, of, chosen, rng):
    """Sound of some utterances with a place of silence before, and their words."""
    # So that words at the start are seen whole.
    longest = min(max(len(sounds[number]) for number in chosen), LONGEST)
    sound = np.full((len(chosen), longest + SEES, BANDS), -1, np.float32)
    words = []
    for at, number in enumerate(chosen):
        ahead = SEES - 1 - (rng.integers(0, 4) if rng is not None else 0)
        part, said = sounds[number][:longest], of[number]
        if rng is not None:
            part, said = at_another_speed(part, said, rng.uniform(1, FASTER) if rng.random() < 0.5 else 1.0)
            part = of_another_throat(part, rng.uniform(-THROAT, THROAT) + bent(rng, FORMANTS)) + bent(rng, LINE_HALF_DB)
            part = noisier(np.maximum(part, 0), rng) if rng.random() < NOISY else part
        part = levelled(part)
        sound[at, ahead:ahead + len(part)] = part
        words += [(at, kind, start + ahead, end + ahead) for _, kind, start, end in said if end < len(part)]
    if rng is not None:
        # Another line: bands a little louder or not.
        sound = np.clip(sound + rng.normal(0, 0.06, (len(chosen), 1, BANDS)), -1.2, 1.2).astype(np.float32)
    return torch.from_numpy(sound.transpose(0, 2, 1).copy()), np.array(words, int).reshape(-1, 4)


def batches(chosen, sounds, rng):
    """Batches of utterances that are about as long as each other, in any order."""
    many = [sorted(chosen[start:start + 16 * BATCH], key=lambda number: len(sounds[number]))
            for start in range(0, len(chosen), 16 * BATCH)]
    out = [part[start:start + BATCH] for part in many for start in range(0, len(part), BATCH)]
    return [out[at] for at in rng.permutation(len(out))]


def lost(odds, words):
    """What is paid for words not heard, and for those heard that were not said."""
    count = odds.shape[2]
    # Output n is there at frame 4 n + 44.
    place = lambda frame: np.clip((frame - SEES + STEP) // STEP, 0, count - 1)
    may = torch.ones(odds.shape)
    for at, kind, start, end in words:
        may[at, kind, place(start):place(end + MAY_TO) + 1] = 0
    silent = (nn.functional.softplus(odds) * may).sum()
    from_place, to_place = place(words[:, 3] + HEARD_FROM), place(words[:, 3] + HEARD_TO)
    span = np.minimum(from_place[:, None] + np.arange(10), to_place[:, None])
    heard = odds[words[:, 0, None], words[:, 1, None], span].amax(1)
    return (silent + MISSED * nn.functional.softplus(-heard).sum()) / odds.shape[0], heard


def report(network, sounds, of, chosen, classes):
    """How many of the words are heard, and how often others, at even odds."""
    network.eval()
    with torch.no_grad():
        sound, words = batch_of(sounds, of, chosen, None)
        odds = network(sound)
        loss, heard = lost(odds, words)
        said = np.zeros((len(chosen), len(classes)), bool)
        said[words[:, 0], words[:, 1]] = True
        wrong = ((odds.amax(2).numpy() > 0) & ~said).sum() / len(chosen)
    network.train()
    return f"loss {loss:.2f}, {(heard > 0).float().mean() * 100:.0f} % of words heard, {wrong:.2f} others an utterance"


def numbers(network):
    """All factors and constants in the order in which words.rs reads them; what evens out layers is multiplied in."""
    out = []
    for layer, norm in zip(network.layers, network.norms):
        scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        factors = layer.weight * scale[:, None, None]
        out += [factors.permute(2, 1, 0), (layer.bias - norm.running_mean) * scale + norm.bias]
    out += [network.last.weight[:, :, 0].T, network.last.bias]
    return np.concatenate([part.detach().numpy().ravel() for part in out])


def went_on_from(network, path, sound):
    """The network of a file, with layers evened out as some sound needs."""
    told = torch.from_numpy(np.fromfile(path, "<i2").astype(np.float32) / ONE)
    shapes = [shape for layer in network.layers for shape in (layer.weight.permute(2, 1, 0).shape, layer.bias.shape)]
    shapes += [network.last.weight[:, :, 0].T.shape, network.last.bias.shape]
    parts = [part.reshape(shape) for part, shape in zip(told.split([shape.numel() for shape in shapes]), shapes)]
    with torch.no_grad():
        for layer, norm, factors, constants in zip(network.layers, network.norms, parts[::2], parts[1::2]):
            layer.weight.copy_(factors.permute(2, 1, 0))
            layer.bias.copy_(constants)
            sound = layer(sound)
            mean, spread = sound.mean((0, 2)), sound.var((0, 2))
            norm.running_mean.copy_(mean)
            norm.running_var.copy_(spread)
            norm.bias.copy_(mean)
            norm.weight.copy_(torch.sqrt(spread + norm.eps))
            sound = torch.relu(sound)
        network.last.weight.copy_(parts[-2].T[:, :, None])
        network.last.bias.copy_(parts[-1])


def trained(network, rounds, sounds, of, chosen, rng, told):
    """Trains a network with some of the utterances."""
    rule = torch.optim.AdamW(network.parameters(), RATE, weight_decay=DECAY)
    each = len(chosen) // BATCH
    pace = torch.optim.lr_scheduler.OneCycleLR(rule, RATE, rounds * each, pct_start=0.05)
    for number in range(rounds):
        sum_lost = 0.0
        for batch in batches(rng.permutation(chosen)[:each * BATCH], sounds, rng):
            sound, said = batch_of(sounds, of, batch, rng)
            loss, _ = lost(network(sound), said)
            rule.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 20.0)
            rule.step()
            pace.step()
            sum_lost += loss.item() / each
        print(f"round {number + 1}: trained loss {sum_lost:.2f}; others' {told(network)}", flush=True)
    return network


def main():
    path, rounds = sys.argv[1], int(sys.argv[2])
    torch.set_num_threads(1)
    sounds, words, classes = read(sys.argv[3:])
    order = np.argsort(words[:, 0], kind="stable")
    of = np.split(words[order], np.searchsorted(words[order, 0], np.arange(1, len(sounds))))
    others, kept = np.arange(len(sounds) - KEPT), np.arange(len(sounds) - KEPT, len(sounds))
    told = lambda network: report(network, sounds, of, kept, classes)
    copies = []
    for seed in range(COPIES):
        torch.manual_seed(seed)
        network, rng = Words(len(classes)), np.random.default_rng(seed)
        if pathlib.Path(path).exists():
            went_on_from(network, path, batch_of(sounds, of, others[:200], rng)[0])
        copies.append(trained(network, rounds, sounds, of, others, rng, told).state_dict())
    network = Words(len(classes))
    network.load_state_dict({name: sum(copy[name] for copy in copies) / COPIES for name in copies[0]})
    print(f"their mean: {told(network)}")
    whole = np.round(numbers(network.eval()) * ONE)
    print(f"{len(whole)} weights, the largest {np.abs(whole).max() / ONE:.2f}")
    with open(path, "wb") as out:
        out.write(np.clip(whole, -32767, 32767).astype("<i2").tobytes())


if __name__ == "__main__":
    main()
