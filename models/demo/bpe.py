"""A small byte-fallback BPE tokenizer in the form of llama.cpp's "llama" (SPM) vocabulary.

A blank is written as "▁". Pieces never cross a word border, so merging word by word gives the
same tokens as llama.cpp, which merges over the whole text. Digits are always single pieces.
A blank is a piece of its own, so that a word has the same pieces after a blank and after a
quote: a tiny model copies names into JSON much better that way. Only frequent words that are
seldom quoted get a second piece that includes the blank.
"""
import collections
import json
import re

CONTROL = ["<unk>", "<s>", "</s>", "<|im_start|>", "<|im_end|>"]
MARKERS = ["<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>"]
SPECIAL = CONTROL + MARKERS
BYTES = ["<0x%02X>" % value for value in range(256)]
BASE = [chr(code) for code in range(33, 127)] + ["▁", "\n"]
TYPE_NORMAL, TYPE_UNKNOWN, TYPE_CONTROL, TYPE_USER, TYPE_BYTE = 1, 2, 3, 4, 6

_special = re.compile("(" + "|".join(re.escape(token) for token in SPECIAL[1:]) + ")")
_word = re.compile(r"▁?[A-Za-z]+|\n+|[^A-Za-z0-9\s▁]+|.", re.S)
_plain = re.compile(r"[A-Za-z]+")


def split_words(text):
    """Cuts text into words, runs of signs, single digits and blanks."""
    for word in _word.findall(text.replace(" ", "▁")):
        yield word


class Tokenizer:
    """Encodes text with pieces in order of merge rank."""

    def __init__(self, pieces):
        self.pieces = pieces
        self.tokens = SPECIAL + BYTES + pieces
        self.ids = {token: index for index, token in enumerate(self.tokens)}
        self.rank = {piece: index for index, piece in enumerate(pieces)}
        self.cache = {}

    @property
    def scores(self):
        return [0.0] * (len(SPECIAL) + 256) + [-float(index) for index in range(len(self.pieces))]

    @property
    def types(self):
        control = [TYPE_UNKNOWN] + [TYPE_CONTROL] * (len(CONTROL) - 1)
        return control + [TYPE_USER] * len(MARKERS) + [TYPE_BYTE] * 256 + [TYPE_NORMAL] * len(self.pieces)

    def encode(self, text):
        """Gives the token ids of text; special tokens may be written out in it."""
        ids = []
        for part in _special.split(text):
            if part in self.ids and part in SPECIAL:
                ids.append(self.ids[part])
                continue
            for word in split_words(part):
                ids.extend(self._encode_word(word))
        return ids

    def _encode_word(self, word):
        if word not in self.cache:
            ids = []
            for piece in merge(list(word), self.rank):
                ids += [self.ids[piece]] if piece in self.ids else [self.ids[BYTES[b]] for b in piece.encode()]
            self.cache[word] = ids
        return self.cache[word]

    def save(self, path):
        with open(path, "w", encoding="utf-8") as file:
            json.dump(self.pieces, file, ensure_ascii=False)

    @staticmethod
    def load(path):
        with open(path, encoding="utf-8") as file:
            return Tokenizer(json.load(file))


def merge(parts, rank):
    """Joins the neighbours of lowest rank until nothing is left to join."""
    while True:
        best = None
        for index in range(len(parts) - 1):
            found = rank.get(parts[index] + parts[index + 1])
            if found is not None and (best is None or found < best[0]):
                best = (found, index)
        if best is None:
            return parts
        index = best[1]
        parts[index:index + 2] = [parts[index] + parts[index + 1]]


def train(texts, merges, blank_words):
    """Learns a vocabulary: `merges` pieces inside words, then up to `blank_words` words with their blank."""
    words, after_blank, elsewhere = collections.Counter(), collections.Counter(), collections.Counter()
    for text in texts:
        for part in _special.split(text):
            for word in split_words(part if part not in SPECIAL else ""):
                bare = word.lstrip("▁")
                words[bare] += 1
                (after_blank if word[0] == "▁" else elsewhere)[bare] += 1
    pieces = BASE + learn_merges({w: n for w, n in words.items() if n > 3 and len(w) > 1}, merges)
    known = set(pieces)
    common = [word for word, _ in after_blank.most_common()
              if _plain.fullmatch(word) and word in known and elsewhere[word] < after_blank[word] * 0.05]
    return Tokenizer(pieces + ["▁" + word for word in common[:blank_words]])


def learn_merges(words, count):
    """The usual byte-pair loop over a table of words and how often they occur."""
    splits = {word: list(word) for word in words}
    learned = []
    while len(learned) < count:
        pairs = collections.Counter()
        for word, parts in splits.items():
            for left, right in zip(parts, parts[1:]):
                pairs[left + right] += words[word]
        if not pairs:
            break
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        learned.append(best)
        for word, parts in splits.items():
            if best in word:
                splits[word] = merge(parts, {best: 0})
    return learned
