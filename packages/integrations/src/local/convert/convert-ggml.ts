import type { NumberFormat } from "@llm-platform/kit";
import { openFileSource } from "../formats/byte-source.ts";
import { FormatProblem } from "../formats/format-problem.ts";
import { toPrintable } from "../formats/printable.ts";
import { type GgmlFile, type GgmlToken, readGgmlFile } from "../formats/ggml/ggml-file.ts";
import { type GgmlLlama, toGgmlLlama } from "../formats/ggml/ggml-llama.ts";
import type { Converted } from "./convert-folder.ts";
import type { GgufMetadata, GgufValue } from "./gguf-encode.ts";
import { tokenTypes } from "./tokenizer/vocabulary.ts";
import { writeTensors } from "./write-gguf.ts";

interface FileConversion {
  readonly path: string;
  /** The file to write. */
  readonly target: string;
  readonly name: string;
  readonly numbers: NumberFormat;
}

/** What every Llama of that time could look back over, or the second one's half: the files do not tell. */
const contextTokens = 2_048;
/** Between that of the first Llama (1e-6) and of the second (1e-5), as llama.cpp's own converter has it. */
const normEpsilon = 5e-6;
const quantizationVersion = 2;
const chunkBytes = 4 * 1024 * 1024;
/** The ids of the three special tokens, and of the 256 bytes after them. */
const special = ["<unk>", "<s>", "</s>"];
const lastByteId = 258;

/** Makes a GGUF file of an old one of llama.cpp; its numbers are taken over as they are. Throws FormatProblem. */
export function convertGgml(
  { path, target, name, numbers }: FileConversion,
  onBytes: (bytes: number, totalBytes: number) => void,
): Converted {
  if (numbers !== "source")
    throw new FormatProblem(
      "unsupported",
      "the numbers of an old file of llama.cpp are kept as they are: choose 'source'",
    );
  const source = openFileSource(path);
  try {
    const file = readGgmlFile(source);
    const llama = toGgmlLlama(file);
    const tensors = llama.tensors.map(([tensorName, { shape, type, bytes, offset }]) => ({
      name: tensorName,
      shape,
      type,
      bytes,
      *pieces(): Generator<Uint8Array> {
        for (let done = 0; done < bytes; done += chunkBytes)
          yield source.read(offset + done, Math.min(chunkBytes, bytes - done));
      },
    }));
    const bytes = writeTensors(target, { metadata: describe(name, file, llama), tensors }, onBytes);
    return {
      architecture: "llama",
      tensors: tensors.length,
      bytes,
      warnings: [
        `Files of ${file.kind} do not tell how far the model looks back, nor the epsilon of its norms: ${contextTokens} tokens and ${normEpsilon} are assumed.`,
        "It has no chat template: it completes texts, and chats are put to it in a general form.",
      ],
    };
  } finally {
    source.close();
  }
}

function describe(name: string, file: GgmlFile, { innerWidth, headsKv }: GgmlLlama): GgufMetadata {
  const u32 = (value: number): GgufValue => ({ type: "u32", value });
  const tokens = file.vocabulary.map(toToken);
  requireUnlike(tokens.map(({ text }) => text));
  const entries: Readonly<Record<string, GgufValue>> = {
    "general.architecture": { type: "string", value: "llama" },
    "general.type": { type: "string", value: "model" },
    "general.name": { type: "string", value: name },
    "general.file_type": u32(file.fileType),
    "general.quantization_version": u32(quantizationVersion),
    "llama.block_count": u32(file.layers),
    "llama.context_length": u32(contextTokens),
    "llama.embedding_length": u32(file.width),
    "llama.feed_forward_length": u32(innerWidth),
    "llama.attention.head_count": u32(file.heads),
    "llama.attention.head_count_kv": u32(headsKv),
    "llama.attention.layer_norm_rms_epsilon": { type: "f32", value: normEpsilon },
    "llama.rope.dimension_count": u32(file.ropeDimensions),
    "llama.vocab_size": u32(file.vocabularySize),
    "tokenizer.ggml.model": { type: "string", value: "llama" },
    "tokenizer.ggml.pre": { type: "string", value: "default" },
    "tokenizer.ggml.tokens": { type: "strings", value: tokens.map(({ text }) => text) },
    "tokenizer.ggml.scores": { type: "f32s", value: file.vocabulary.map(({ score }) => score) },
    "tokenizer.ggml.token_type": { type: "i32s", value: tokens.map(({ type }) => type) },
    "tokenizer.ggml.unknown_token_id": u32(0),
    "tokenizer.ggml.bos_token_id": u32(1),
    "tokenizer.ggml.eos_token_id": u32(2),
  };
  return new Map(Object.entries(entries));
}

/** llama.cpp finds a token by its text, and ends its process where two have the same. */
function requireUnlike(texts: readonly string[]): void {
  const seen = new Set<string>();
  for (const text of texts) {
    if (seen.has(text)) throw new FormatProblem("corrupt", `it has two tokens '${toPrintable(text)}'`);
    seen.add(text);
  }
}

/** Old files hold the pieces as they are shown; spaces become the mark of SentencePiece again, and bytes their names. */
function toToken({ bytes }: GgmlToken, id: number): { readonly text: string; readonly type: number } {
  const own = special[id];
  if (own !== undefined) return { text: own, type: id === 0 ? tokenTypes.unknown : tokenTypes.control };
  const [byte] = bytes;
  if (id <= lastByteId && bytes.length === 1 && byte !== undefined)
    return { text: `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`, type: tokenTypes.byte };
  return { text: Buffer.from(bytes).toString("utf8").replaceAll(" ", "\u2581"), type: tokenTypes.normal };
}
