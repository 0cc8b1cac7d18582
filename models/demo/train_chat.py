"""Trains the chat model on one core and writes it as GGUF."""
import argparse
import os
import random
import time

import torch
from torch.nn import functional

import bpe
import gguf
from chatml import TEMPLATE
from data import conversation
from llama import Llama, Shape, file_fields
from look_back import add_look_back
from muon import Muon

MERGES, BLANK_WORDS = 830, 128
CONTEXT_TOKENS = 2048
LONGEST_SAMPLE = 640
POOL = 1000


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--tokens-per-step", type=int, default=2560)
    parser.add_argument("--rate", type=float, default=1.0, help="factor on the learning rates")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start", help="weights to go on from (a .pt file of an earlier run)")
    parser.add_argument("--look-back", action="store_true", help="first give the model heads that look at the tokens just before")
    parser.add_argument("--vocabulary", default="vocabulary.json", help="made when it does not exist")
    parser.add_argument("--out", default="demo-chat.gguf")
    return parser.parse_args()


def open_tokenizer(path):
    """Reads the vocabulary, or learns it from sample conversations."""
    if os.path.exists(path):
        return bpe.Tokenizer.load(path)
    texts = ("".join(text for text, _ in conversation()) for _ in range(12000))
    tokenizer = bpe.train(texts, MERGES, BLANK_WORDS)
    tokenizer.save(path)
    return tokenizer


def encode(tokenizer, parts):
    """Token ids of a conversation, and for each whether the model learns it."""
    ids, learned = [], []
    for text, is_answer in parts:
        part = tokenizer.encode(text)
        ids += part
        learned += [is_answer] * len(part)
    return ids[:LONGEST_SAMPLE], learned[:LONGEST_SAMPLE]


def batches(tokenizer, tokens_per_step):
    """Endless batches of conversations of about the same length, one conversation a row."""
    while True:
        pool = sorted((encode(tokenizer, conversation()) for _ in range(POOL)), key=lambda sample: len(sample[0]))
        made, rows = [], []
        for sample in pool:
            if rows and (len(rows) + 1) * len(sample[0]) > tokens_per_step:
                made.append(rows)
                rows = []
            rows.append(sample)
        random.shuffle(made)
        yield from map(pad, made)


def pad(rows):
    longest = max(len(ids) for ids, _ in rows)
    tokens = torch.zeros(len(rows), longest, dtype=torch.long)
    learned = torch.zeros(len(rows), longest, dtype=torch.bool)
    for index, (ids, flags) in enumerate(rows):
        tokens[index, :len(ids)] = torch.tensor(ids)
        learned[index, :len(ids)] = torch.tensor(flags)
    return tokens, learned


def train(model, source, options, checkpoint):
    matrices = [weight for name, weight in model.named_parameters() if name.startswith("blk") and weight.ndim == 2]
    others = [weight for name, weight in model.named_parameters() if not (name.startswith("blk") and weight.ndim == 2)]
    muon, adam = Muon(matrices), torch.optim.AdamW(others, lr=4e-3, betas=(0.9, 0.95), weight_decay=0.0)
    rates = [(group, group["lr"]) for optimiser in (muon, adam) for group in optimiser.param_groups]
    begun, total = time.time(), 0.0
    steps = options.steps
    for step in range(1, steps + 1):
        for group, rate in rates:
            group["lr"] = options.rate * rate * min(1, step / 20, max(0.01, 1.0 * (1 - step / steps)))
        model.zero_grad(set_to_none=True)
        total += learn(model, [next(source), next(source)])
        torch.nn.utils.clip_grad_norm_(others, 1.0)
        muon.step()
        adam.step()
        if step % 25 == 0:
            print(f"step {step} loss {total / 25:.4f} seconds {time.time() - begun:.0f}", flush=True)
            total = 0.0
        if step % 50 == 0 or step == steps:
            torch.save(model.state_dict(), checkpoint)


def learn(model, parts):
    """Adds the gradients of some batches, all answer tokens counting the same; gives the mean loss."""
    count, total = sum(int(learned[:, 1:].sum()) for _, learned in parts), 0.0
    for tokens, learned in parts:
        wanted = learned[:, 1:]
        logits = model.logits(model(tokens[:, :-1])[wanted])
        loss = functional.cross_entropy(logits, tokens[:, 1:][wanted], reduction="sum") / count
        loss.backward()
        total += loss.item()
    return total


def save(model, tokenizer, path):
    fields = file_fields(model.shape, "llm-platform-demo", tokenizer, CONTEXT_TOKENS) + [
        ("general.file_type", "u32", 7), ("general.size_label", "str", "1.7M"),
        ("tokenizer.ggml.eos_token_id", "u32", 4), ("tokenizer.ggml.eot_token_id", "u32", 4),
        ("tokenizer.chat_template", "str", TEMPLATE)]
    size = gguf.write(path, fields, list(model.tensors()))
    print(f"{path}: {size} bytes, {sum(weight.numel() for weight in model.parameters())} parameters")


def main():
    options = arguments()
    torch.set_num_threads(options.threads)
    random.seed(0)
    tokenizer = open_tokenizer(options.vocabulary)
    random.seed(options.seed)
    torch.manual_seed(options.seed)
    model = Llama(Shape(len(tokenizer.tokens), width=160, layers=5, heads=5, hidden=416))
    if options.start:
        model.load_state_dict(torch.load(options.start))
    if options.look_back:
        add_look_back(model)
    train(model, batches(tokenizer, options.tokens_per_step // 2), options, os.path.splitext(options.out)[0] + ".pt")
    save(model, tokenizer, options.out)


if __name__ == "__main__":
    main()
