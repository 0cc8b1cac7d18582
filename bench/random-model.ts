import { closeSync, openSync, writeSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { readGgufFileInfo } from "node-llama-cpp";
import {
  encodeGgufHead,
  type GgufMetadata,
  type GgufTensor,
  type GgufValue,
  padded,
} from "../packages/integrations/src/local/convert/gguf-encode.ts";

// A model of the shape of TinyLlama 1.1B with weights by chance, for measurements on machines that have no model at hand:
// `node bench/random-model.ts FILE [--numbers f16|q8_0] [--layers 22]`. It takes its tokenizer from the demo model.

const usage = "node bench/random-model.ts FILE [--numbers f16|q8_0] [--layers 22]\n";
const demo = fileURLToPath(new URL("../models/demo/demo-chat.gguf", import.meta.url));
const width = 2_048;
const hidden = 5_632;
const heads = 32;
const keyHeads = 4;
const vocabulary = 32_000;
/** Of a token that is text and no mark. */
const plainType = 1;
/** Elements of one block of weights, and its bytes, by the format's number of the type. */
const formats = {
  f16: { type: 1, elements: 1, bytes: 2 },
  q8_0: { type: 8, elements: 32, bytes: 34 },
} as const;
/** No multiple of a row, so that rows differ. */
const drawnBlocks = 65_537;

type Numbers = keyof typeof formats;

/** Numbers by chance that are the same in every file. */
function createRandom(): () => number {
  let state = 0x9e3779b9;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Blocks of weights between -0.05 and 0.05. */
function drawBlocks(numbers: Numbers): Buffer {
  const random = createRandom();
  const { bytes } = formats[numbers];
  const drawn = Buffer.alloc(drawnBlocks * bytes);
  const halves = new Float16Array(1);
  const half = Buffer.from(halves.buffer);
  const put = (value: number, offset: number): void => {
    halves[0] = value;
    half.copy(drawn, offset);
  };
  for (let block = 0; block < drawnBlocks; block++) {
    const offset = block * bytes;
    put(numbers === "f16" ? (random() - 0.5) / 10 : 0.05 / 127, offset);
    for (let index = 2; index < bytes; index++) drawn[offset + index] = Math.floor(random() * 255) - 127;
  }
  return drawn;
}

interface Vocabulary {
  readonly tokens: readonly string[];
  readonly scores: readonly number[];
  readonly types: readonly number[];
}

/** The demo model's, and words up to the usual number of tokens: what stands for how many is what an output costs. */
function toVocabulary({ tokens, scores, types }: Vocabulary): Vocabulary {
  const words = Array.from({ length: vocabulary - tokens.length }, (_, index) => `▁word${index}`);
  return {
    tokens: [...tokens, ...words],
    scores: [...scores, ...words.map((_, index) => -10_000 - index)],
    types: [...types, ...words.map(() => plainType)],
  };
}

interface Plan extends GgufTensor {
  /** Rows that stay zero: marks that would end a reply. */
  readonly isSilent: (row: number) => boolean;
}

function planTensors(numbers: Numbers, layers: number, types: readonly number[]): readonly Plan[] {
  const { type, elements, bytes } = formats[numbers];
  const matrix = (name: string, rows: number, columns: number): Plan => ({
    name: `${name}.weight`,
    shape: [rows, columns],
    type,
    bytes: ((rows * columns) / elements) * bytes,
    isSilent: () => false,
  });
  const norm = (name: string): Plan => ({
    name: `${name}.weight`,
    shape: [width],
    type: 0,
    bytes: width * 4,
    isSilent: () => false,
  });
  const keyWidth = (width / heads) * keyHeads;
  const layer = (index: number): readonly Plan[] => [
    norm(`blk.${index}.attn_norm`),
    matrix(`blk.${index}.attn_q`, width, width),
    matrix(`blk.${index}.attn_k`, keyWidth, width),
    matrix(`blk.${index}.attn_v`, keyWidth, width),
    matrix(`blk.${index}.attn_output`, width, width),
    norm(`blk.${index}.ffn_norm`),
    matrix(`blk.${index}.ffn_gate`, hidden, width),
    matrix(`blk.${index}.ffn_up`, hidden, width),
    matrix(`blk.${index}.ffn_down`, width, hidden),
  ];
  return [
    matrix("token_embd", vocabulary, width),
    ...Array.from({ length: layers }, (_, index) => layer(index)).flat(),
    norm("output_norm"),
    { ...matrix("output", vocabulary, width), isSilent: (row) => types[row] !== plainType },
  ];
}

function toMetadata(layers: number, words: Vocabulary, chatTemplate: string): GgufMetadata {
  const u32 = (value: number) => ({ type: "u32", value }) as const;
  const text = (value: string) => ({ type: "string", value }) as const;
  return new Map<string, GgufValue>([
    ["general.architecture", text("llama")],
    ["general.name", text("random")],
    ["llama.block_count", u32(layers)],
    ["llama.context_length", u32(8_192)],
    ["llama.embedding_length", u32(width)],
    ["llama.feed_forward_length", u32(hidden)],
    ["llama.attention.head_count", u32(heads)],
    ["llama.attention.head_count_kv", u32(keyHeads)],
    ["llama.attention.layer_norm_rms_epsilon", { type: "f32", value: 1e-5 }],
    ["llama.rope.dimension_count", u32(width / heads)],
    ["llama.vocab_size", u32(vocabulary)],
    ["tokenizer.ggml.model", text("llama")],
    ["tokenizer.ggml.tokens", { type: "strings", value: words.tokens }],
    ["tokenizer.ggml.scores", { type: "f32s", value: words.scores }],
    ["tokenizer.ggml.token_type", { type: "i32s", value: words.types }],
    ["tokenizer.ggml.bos_token_id", u32(1)],
    ["tokenizer.ggml.eos_token_id", u32(4)],
    ["tokenizer.ggml.unknown_token_id", u32(0)],
    ["tokenizer.ggml.add_bos_token", { type: "bool", value: true }],
    ["tokenizer.chat_template", text(chatTemplate)],
  ]);
}

function writeTensor(file: number, { shape, bytes, isSilent, type }: Plan, drawn: Buffer): void {
  const [rows = 1, columns] = shape;
  if (type === 0) {
    writeSync(file, Buffer.from(new Float32Array(rows).fill(1).buffer));
    return;
  }
  const rowBytes = bytes / rows;
  const blockBytes = drawn.length / drawnBlocks;
  const twice = Buffer.concat([drawn, drawn]);
  const step = ((columns ?? 0) * 37) % drawnBlocks;
  const pieceRows = 256;
  for (let first = 0; first < rows; first += pieceRows) {
    const count = Math.min(pieceRows, rows - first);
    const piece = Buffer.alloc(count * rowBytes);
    for (let row = 0; row < count; row++) {
      if (isSilent(first + row)) continue;
      const start = (((first + row) * step) % drawnBlocks) * blockBytes;
      twice.copy(piece, row * rowBytes, start, start + rowBytes);
    }
    writeSync(file, piece);
  }
  writeSync(file, Buffer.alloc(padded(bytes) - bytes));
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { numbers: { type: "string", default: "f16" }, layers: { type: "string", default: "22" } },
  });
  const [path] = positionals;
  const { numbers } = values;
  if (path === undefined || (numbers !== "f16" && numbers !== "q8_0")) {
    process.stderr.write(usage);
    process.exitCode = 2;
    return;
  }
  const { tokenizer } = (await readGgufFileInfo(demo)).metadata;
  if (tokenizer === undefined) throw new Error("the demo model has no tokenizer");
  const { tokens, scores = [], token_type: types } = tokenizer.ggml;
  const words = toVocabulary({ tokens, scores: scores.map(Number), types: types.map(Number) });
  const layers = Number(values.layers);
  const plans = planTensors(numbers, layers, words.types);
  const drawn = drawBlocks(numbers);
  const file = openSync(path, "w");
  writeSync(file, encodeGgufHead(toMetadata(layers, words, tokenizer.chat_template ?? ""), plans));
  for (const plan of plans) writeTensor(file, plan, drawn);
  closeSync(file);
}

await main();
