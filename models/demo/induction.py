"""Gives the second layer heads that go on as before: "what followed when these tokens came last time?"

Copying from the prompt is little more than that. A model this small needs far more text than we train on to
find such heads, so they are fitted by least squares on sample conversations and then trained like all others.
"""
import torch
from torch.nn import functional

CODE = 16
FIRST_PAIR = 8
MATCH = 11.0
WRITE = 1.0


@torch.no_grad()
def add_induction(model, samples, heads=(0, 1, 2), seed=0):
    """`samples` are padded (tokens, learned) batches; the first layer must already look back."""
    random = torch.Generator().manual_seed(seed)
    shape, block = model.shape, model.blk[1]
    width = shape.width // shape.heads
    inputs, tokens = collect(model, samples)
    centred = model.token_embd - model.token_embd.mean(0)
    _, _, axes = torch.linalg.svd(centred, full_matrices=False)
    for number, head in enumerate(heads):
        rows = slice(head * width, (head + 1) * width)
        near, far = (functional.normalize(torch.randn(shape.vocabulary, CODE, generator=random), dim=1) for _ in range(2))
        wanted_query = near[tokens[:, 0]] + 0.6 * far[tokens[:, 1]]
        wanted_key = near[tokens[:, 1]] + 0.6 * far[tokens[:, 2]]
        gain = (MATCH * width ** 0.5) ** 0.5
        query, key = torch.zeros(width, shape.width), torch.zeros(width, shape.width)
        query[2 * FIRST_PAIR:] = gain * fit(inputs, wanted_query)
        key[2 * FIRST_PAIR:] = gain * fit(inputs, wanted_key)
        block.attn_q[rows], block.attn_k[rows] = query, key
        written = axes[number * width:(number + 1) * width]
        block.attn_v[rows] = fit(inputs, centred[tokens[:, 0]] @ written.T)
        block.attn_output[:, rows] = WRITE * written.T


def collect(model, samples):
    """Inputs of the second layer's attention, and the tokens at, before and two before each place."""
    caught = []
    hook = model.blk[1].attn_norm.register_forward_hook(lambda _module, _inputs, output: caught.append(output))
    kept, places = [], []
    for tokens, _ in samples:
        model(tokens)
        kept.append(caught.pop()[:, 2:].reshape(-1, model.shape.width))
        places.append(torch.stack([tokens[:, 2:], tokens[:, 1:-1], tokens[:, :-2]], -1).reshape(-1, 3))
    hook.remove()
    inputs, tokens = torch.cat(kept), torch.cat(places)
    real = tokens[:, 0] != 0
    return inputs[real], tokens[real]


def fit(inputs, wanted):
    """Ridge regression without a constant; rows are what is wanted."""
    square = inputs.T @ inputs + 1e-2 * len(inputs) * torch.eye(inputs.shape[1])
    return torch.linalg.solve(square, inputs.T @ wanted).T
