/** A tensor of 32-bit floats, rows before columns. */
export interface SampleTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

export interface GgmlSample {
  readonly kind: "GGML" | "GGMF" | "GGJT";
  readonly version: number;
  readonly width: number;
  readonly heads: number;
  readonly layers: number;
  readonly fileType?: number;
  /** Texts, or single bytes. */
  readonly tokens: readonly (string | number)[];
  readonly tensors: readonly SampleTensor[];
}

const magics = { GGML: "lmgg", GGMF: "fmgg", GGJT: "tjgg" } as const;
const multiple = 256;

/** Writes a file as llama.cpp did before GGUF. */
export function encodeGgml(sample: GgmlSample): Buffer {
  const { kind, width, heads, layers, tokens } = sample;
  const parts: Buffer[] = [Buffer.from(magics[kind])];
  if (kind !== "GGML") parts.push(u32(sample.version));
  for (const value of [tokens.length, width, multiple, heads, layers, width / heads, sample.fileType ?? 0])
    parts.push(u32(value));
  for (const [index, token] of tokens.entries()) {
    const bytes = typeof token === "string" ? Buffer.from(token) : Buffer.from([token]);
    parts.push(u32(bytes.length), bytes);
    if (kind !== "GGML") parts.push(f32(-index));
  }
  let length = parts.reduce((sum, part) => sum + part.length, 0);
  for (const { name, shape, values } of sample.tensors) {
    const head = [
      u32(shape.length),
      u32(name.length),
      u32(0),
      ...shape.toReversed().map(u32),
      Buffer.from(name),
    ];
    length += head.reduce((sum, part) => sum + part.length, 0);
    const gap = kind === "GGJT" ? Math.ceil(length / 32) * 32 - length : 0;
    parts.push(...head, Buffer.alloc(gap), Buffer.from(values.buffer, values.byteOffset, values.byteLength));
    length += gap + values.byteLength;
  }
  return Buffer.concat(parts);
}

/** A Llama of one layer that says nothing of use. */
export function tinyGgml(kind: GgmlSample["kind"], version: number): GgmlSample {
  const width = 8;
  const inner = 12;
  const tensor = (name: string, shape: readonly number[]): SampleTensor => ({
    name,
    shape,
    values: new Float32Array(shape.reduce((product, count) => product * count, 1)),
  });
  const square = ["wq", "wk", "wv", "wo"].map((name) =>
    tensor(`layers.0.attention.${name}.weight`, [width, width]),
  );
  return {
    kind,
    version,
    width,
    heads: 2,
    layers: 1,
    tokens: ["<unk>", "<s>", "</s>", " a"],
    tensors: [
      tensor("tok_embeddings.weight", [4, width]),
      tensor("norm.weight", [width]),
      tensor("output.weight", [4, width]),
      tensor("layers.0.attention_norm.weight", [width]),
      ...square,
      tensor("layers.0.ffn_norm.weight", [width]),
      tensor("layers.0.feed_forward.w1.weight", [inner, width]),
      tensor("layers.0.feed_forward.w2.weight", [width, inner]),
      tensor("layers.0.feed_forward.w3.weight", [inner, width]),
    ],
  };
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function f32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}
