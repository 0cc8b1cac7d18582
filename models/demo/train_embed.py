"""Trains the embedding model: sentences of one group near each other, all others apart."""
import argparse
import json
import os
import random
import time

import torch
from torch.nn import functional

import bpe
import gguf
from llama import Llama, Shape, file_fields
from muon import Muon
from talk import FACTS, SMALL_TALK, expand, roughen
from words import CITIES, NAMES, NOUNS, PROPERTIES, VERBS, chance, nonsense, pick

TEMPERATURE = 0.07
CONTEXT_TOKENS = 512
MEAN_POOLING = 1
FRAMES = ["The {0} and the {1}.", "I saw a {0} near the {1}.", "A {0} with a {1}", "How does a {0} {1}?", "I like the {0} and the {1}.", "{0} {1}", "{0} {1} {2}",
          "My {0} has a {1}.", "What is a {0}?", "Tell me about the {0}, the {1} and the {2}.", "The {0} is next to the {1}.", "We talked about {0}, {1} and {2}.",
          "There is a {0}.", "Do you know the {0}?", "the {0} of the {1}", "She needs a {0} for the {1}.", "He found the {0} yesterday.", "They want a {0} or a {1}.",
          "Where is the {0}?", "This is about {0}.", "{0}", "Every {0} needs a {1}.", "Can you help me with the {0}?", "a good {0} and a bad {1}", "The {0} is very {1}.",
          "It is {0} and {1} here.", "Is it {0} today?", "The {0} sat on the {1}.", "The {0} {1} is new.", "Her {0} was {1}, said the {2}.", "How do I {0} the {1}?"]
FRAGMENTS = ["What is the {q} of {n} {x}?", "{n} {x}, {q}", "The {q} of the {n} {x} is unknown.", "Please {v} the {n} {x}.", "Can I {v} {n} {x}?", "{x} is a {n}.",
             "I asked {x} about the {n} and its {q}.", "Tell me about {x} and the {n}.", "{x} lost the {n}.", "where is the {n} of {x}", "How to {v} a {n} named {x}",
             "{x} has the {n} with the best {q}", "show {n} {x} with {q}"]
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "topics.json"), encoding="utf-8") as _file:
    TOPICS = {name: (name + " " + words).split() for name, words in json.load(_file)["topics"].items()}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=320)
    parser.add_argument("--pairs", type=int, default=96, help="pairs of sentences in a step")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--vocabulary", default="vocabulary.json")
    parser.add_argument("--out", default="demo-embed.gguf")
    return parser.parse_args()


def fact_pair():
    """Two questions about one fact of the platform, or a question and its answer."""
    chosen = pick(FACTS)
    ask = lambda: roughen(expand(pick(chosen["questions"])))
    return "fact " + chosen["id"], ask(), chosen["answer"] if chance(0.4) else ask()


def topic_pair():
    name = pick(list(TOPICS))
    words = random.sample(TOPICS[name], 5)
    shared = chance(0.5)
    first, second = words[:3], (words[:1] + words[3:] if shared else words[2:])
    say = lambda some: roughen(pick(FRAMES).format(*random.sample(some, 3)), False)
    return "topic " + name, say(first), say(second)


def copy_pair():
    """Two sentences about the same made-up things: teaches that shared words count, known or not."""
    values = {"n": pick(NOUNS) if chance(0.7) else nonsense(), "q": pick(PROPERTIES), "v": pick(VERBS), "x": pick(pick(NAMES), pick(CITIES), nonsense(2, 3), nonsense(2, 3).capitalize())}
    one, other = random.sample(FRAGMENTS, 2)
    return f"copy {values['n']}", one.format(**values), other.format(**values)


def talk_pair():
    index = random.randrange(len(SMALL_TALK))
    asks, answer = SMALL_TALK[index]
    second = roughen(pick(asks), False) if chance(0.8) or not isinstance(answer, str) else answer
    return f"talk {index}", roughen(pick(asks), False), second


def batch(tokenizer, pairs):
    """Tokens of both halves, and the group of each sentence."""
    groups, first, second = zip(*(random.choices([fact_pair, topic_pair, copy_pair, talk_pair], [38, 34, 20, 8])[0]() for _ in range(pairs)))
    names = {name: index for index, name in enumerate(dict.fromkeys(groups))}
    return [[1] + tokenizer.encode(text) for text in first + second], torch.tensor([names[name] for name in groups] * 2)


def embed(model, rows):
    """Mean of the last states over all tokens, the first (BOS) included, as llama.cpp pools; length 1."""
    order = sorted(range(len(rows)), key=lambda index: len(rows[index]))
    chunks = [order[start:start + len(rows) // 4] for start in range(0, len(rows), len(rows) // 4)]
    pooled = torch.cat([pool(model, [rows[index] for index in chunk]) for chunk in chunks])
    return functional.normalize(pooled[torch.tensor(order).argsort()], dim=-1)


def pool(model, rows):
    """Rows of about the same length, so that little is spent on padding."""
    longest = max(map(len, rows))
    tokens = torch.tensor([row + [0] * (longest - len(row)) for row in rows])
    mask = torch.tensor([[1.0] * len(row) + [0.0] * (longest - len(row)) for row in rows])
    return (model(tokens) * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)


def contrast(vectors, groups):
    """Each sentence must find its partner among all that are not of its group."""
    count = len(vectors)
    partner = torch.arange(count).roll(count // 2)
    likeness = vectors @ vectors.T
    same = groups[:, None] == groups[None, :]
    same[torch.arange(count), partner] = False
    loss = functional.cross_entropy(likeness.masked_fill(same, -9) / TEMPERATURE, partner)
    related = likeness[torch.arange(count), partner]
    apart = likeness.masked_select(groups[:, None] != groups[None, :])
    # Absolute distances count too: users compare single pairs.
    return loss + (0.85 - related).clamp(min=0).pow(2).mean() * 4 + (apart - 0.1).clamp(min=0).pow(2).mean() * 4, related.mean(), apart.mean()


def train(model, tokenizer, options):
    matrices = [weight for name, weight in model.named_parameters() if name.startswith("blk") and weight.ndim == 2]
    others = [weight for name, weight in model.named_parameters() if not (name.startswith("blk") and weight.ndim == 2)]
    muon, adam = Muon(matrices, lr=0.01), torch.optim.AdamW(others, lr=3e-3, betas=(0.9, 0.98), weight_decay=0.0)
    rates = [(group, group["lr"]) for optimiser in (muon, adam) for group in optimiser.param_groups]
    begun = time.time()
    for step in range(1, options.steps + 1):
        for group, rate in rates:
            group["lr"] = rate * min(1, step / 30, max(0.01, 1.5 * (1 - step / options.steps)))
        rows, groups = batch(tokenizer, options.pairs)
        loss, related, apart = contrast(embed(model, rows), groups)
        model.zero_grad(set_to_none=True)
        loss.backward()
        muon.step()
        adam.step()
        if step % 25 == 0:
            print(f"step {step} loss {loss.item():.3f} related {related.item():.2f} apart {apart.item():.2f} seconds {time.time() - begun:.0f}", flush=True)


def main():
    options = arguments()
    torch.set_num_threads(options.threads)
    random.seed(options.seed)
    torch.manual_seed(options.seed)
    tokenizer = bpe.Tokenizer.load(options.vocabulary)
    shape = Shape(len(tokenizer.tokens), width=128, layers=2, heads=4, hidden=256)
    model = Llama(shape)
    train(model, tokenizer, options)
    fields = file_fields(shape, "llm-platform-demo-embed", tokenizer, CONTEXT_TOKENS) + [
        ("general.file_type", "u32", 7), ("llama.pooling_type", "u32", MEAN_POOLING), ("tokenizer.ggml.eos_token_id", "u32", 2)]
    size = gguf.write(options.out, fields, list(model.tensors()))
    print(f"{options.out}: {size} bytes, {sum(weight.numel() for weight in model.parameters())} parameters")


if __name__ == "__main__":
    main()
