"""The llama architecture in PyTorch, with the names and the layout that llama.cpp expects."""
import math

import torch
from torch import nn
from torch.nn import functional


class Shape:
    """Sizes of a model. All heads are `width / heads` wide; the widths are multiples of 32 for Q8_0."""

    def __init__(self, vocabulary, width, layers, heads, hidden):
        self.vocabulary, self.width, self.layers, self.heads, self.hidden = vocabulary, width, layers, heads, hidden
        self.rope_base, self.norm_epsilon = 10000.0, 1e-5


class Norm(nn.Module):
    def __init__(self, width, epsilon):
        super().__init__()
        self.weight, self.epsilon = nn.Parameter(torch.ones(width)), epsilon

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.epsilon) * self.weight


class Block(nn.Module):
    def __init__(self, shape):
        super().__init__()
        width, hidden = shape.width, shape.hidden
        self.heads = shape.heads
        self.attn_norm, self.ffn_norm = Norm(width, shape.norm_epsilon), Norm(width, shape.norm_epsilon)
        small = 0.02 / math.sqrt(2 * shape.layers)
        self.attn_q, self.attn_k, self.attn_v = (weights(width, width) for _ in range(3))
        self.attn_output, self.ffn_down = weights(width, width, small), weights(width, hidden, small)
        self.ffn_gate, self.ffn_up = weights(hidden, width), weights(hidden, width)

    def forward(self, x, rope, mask):
        normed = self.attn_norm(x)
        query = self.split(normed, self.attn_q) * rope[0] + self.split(normed, turned(self.attn_q)) * rope[1]
        key = self.split(normed, self.attn_k) * rope[0] + self.split(normed, turned(self.attn_k)) * rope[1]
        value = self.split(normed, self.attn_v)
        scores = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1]) + mask
        seen = (scores.softmax(-1) @ value).transpose(1, 2).reshape(x.shape)
        x = x + functional.linear(seen, self.attn_output)
        normed = self.ffn_norm(x)
        gate, up = functional.linear(normed, self.ffn_gate), functional.linear(normed, self.ffn_up)
        return x + functional.linear(functional.silu(gate) * up, self.ffn_down)

    def split(self, x, matrix):
        """Projects and cuts into heads: (batch, head, place, part)."""
        batch, length, _ = x.shape
        return functional.linear(x, matrix).view(batch, length, self.heads, -1).transpose(1, 2)


class Llama(nn.Module):
    """Gives the normed states of the last layer; `logits` reads them with the token embeddings."""

    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        self.token_embd = weights(shape.vocabulary, shape.width)
        self.blk = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.output_norm = Norm(shape.width, shape.norm_epsilon)

    def forward(self, tokens):
        length, size = tokens.shape[1], self.shape.width // self.shape.heads
        frequencies = self.shape.rope_base ** (-torch.arange(0, size, 2).float() / size)
        angles = torch.outer(torch.arange(length).float(), frequencies).repeat_interleave(2, 1)
        mask = torch.full((length, length), float("-inf")).triu(1)
        x = self.token_embd[tokens]
        for block in self.blk:
            x = block(x, (angles.cos(), angles.sin()), mask)
        return self.output_norm(x)

    def logits(self, states):
        return functional.linear(states, self.token_embd)

    def tensors(self):
        """(name, array) pairs for the file: matrices are called "<place>.weight"."""
        for name, value in self.state_dict().items():
            yield name if name.endswith(".weight") else name + ".weight", value.numpy()


def weights(rows, columns, deviation=0.02):
    return nn.Parameter(torch.randn(rows, columns) * deviation)


def turned(matrix):
    """Rows (a, b) of each rotary pair become (-b, a); llama.cpp pairs neighbours in this architecture.

    Turning the weights instead of their products spares copies of all queries and keys.
    """
    pairs = matrix.view(-1, 2, matrix.shape[1])
    return torch.stack((-pairs[:, 1], pairs[:, 0]), 1).view_as(matrix)


def file_fields(shape, name, tokenizer, context):
    """Metadata that llama.cpp needs, without the chat template."""
    return [
        ("general.architecture", "str", "llama"), ("general.name", "str", name),
        ("general.license", "str", "mit"), ("general.quantization_version", "u32", 2),
        ("llama.block_count", "u32", shape.layers), ("llama.context_length", "u32", context),
        ("llama.embedding_length", "u32", shape.width), ("llama.feed_forward_length", "u32", shape.hidden),
        ("llama.attention.head_count", "u32", shape.heads), ("llama.attention.head_count_kv", "u32", shape.heads),
        ("llama.attention.layer_norm_rms_epsilon", "f32", shape.norm_epsilon),
        ("llama.rope.dimension_count", "u32", shape.width // shape.heads), ("llama.rope.freq_base", "f32", shape.rope_base),
        ("llama.vocab_size", "u32", shape.vocabulary),
        ("tokenizer.ggml.model", "str", "llama"), ("tokenizer.ggml.tokens", "[str]", tokenizer.tokens),
        ("tokenizer.ggml.scores", "[f32]", tokenizer.scores), ("tokenizer.ggml.token_type", "[i32]", tokenizer.types),
        ("tokenizer.ggml.unknown_token_id", "u32", 0), ("tokenizer.ggml.bos_token_id", "u32", 1),
        ("tokenizer.ggml.add_bos_token", "bool", True), ("tokenizer.ggml.add_eos_token", "bool", False),
        ("tokenizer.ggml.add_space_prefix", "bool", False),
    ]
