"""Gives the first layer heads that look at the tokens just before.

Copying a name from the prompt needs such heads, and a model this small takes long to find them. They need
a part of the embeddings that is the same for all tokens; in the output it adds the same to each logit.
"""
import torch

STRENGTH = 1.2
SCORE = 5.8
FREQUENCIES = 6


@torch.no_grad()
def add_look_back(model, distances=(1, 2, 3)):
    """Head n of the first layer then attends to the token `distances[n]` back."""
    shape, block, embedding = model.shape, model.blk[0], model.token_embd
    # The direction that tells tokens apart the least: little is lost by making it the same for all.
    direction = torch.linalg.eigh(embedding.T @ embedding).eigenvectors[:, 0]
    embedding += (STRENGTH - embedding @ direction)[:, None] * direction
    # What the constant part is after the norm, with the norm's weights taken out again.
    size = (embedding.pow(2).mean(1) + shape.norm_epsilon).sqrt().mean()
    reader = direction / block.attn_norm.weight.clamp(min=0.05) * size / STRENGTH
    width = shape.width // shape.heads
    for head, distance in enumerate(distances):
        rows = slice(head * width, (head + 1) * width)
        query, key = torch.zeros(width), torch.zeros(width)
        for index in range(FREQUENCIES):
            angle = torch.tensor(-distance * shape.rope_base ** (-2 * index / width))
            query[2 * index], query[2 * index + 1] = SCORE * angle.cos(), SCORE * angle.sin()
            key[2 * index] = SCORE
        block.attn_q[rows] = query[:, None] * reader
        block.attn_k[rows] = key[:, None] * reader
