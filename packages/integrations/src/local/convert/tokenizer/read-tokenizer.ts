import { existsSync } from "node:fs";
import { join } from "node:path";
import { openFileSource } from "../../formats/byte-source.ts";
import { FormatProblem } from "../../formats/format-problem.ts";
import { toPrintable } from "../../formats/printable.ts";
import type { GgufMetadata } from "../gguf-encode.ts";
import { type JsonRecord, readJsonFile, toRecord } from "../json-file.ts";
import type { ModelConfig } from "../model-config.ts";
import { addsSpacePrefix, readByteFallback } from "./byte-fallback.ts";
import { findCut, readMerges, readVocab } from "./byte-level.ts";
import { readSentencePiece, type SentencePieceModel } from "./sentencepiece-model.ts";
import { describeChatTemplates, describeSpecialTokens } from "./special-tokens.ts";
import { readAddedTokens, setAddedTokens, type Vocabulary } from "./vocabulary.ts";

interface TokenizerParts {
  readonly config: ModelConfig;
  /** Rows of the model's table of tokens. */
  readonly vocabulary: number;
  readonly warnings: string[];
}

/**
 * The tokenizer of a folder as GGUF's metadata: `tokenizer.model` where there is one, else `tokenizer.json`.
 *
 * @throws FormatProblem `unsupported` when llama.cpp has no such tokenizer or there is none
 */
export function readTokenizer(folder: string, parts: TokenizerParts): GgufMetadata {
  const tokenizer = readJsonFile(folder, "tokenizer.json");
  const tokenizerConfig = readJsonFile(folder, "tokenizer_config.json");
  const metadata: GgufMetadata = new Map();
  const pieces = openPieces(folder) ?? piecesOf(tokenizer);
  const vocabulary =
    pieces === undefined ? describeByteLevel(tokenizer, metadata) : describePieces(pieces, metadata);
  setAddedTokens(
    vocabulary,
    readAddedTokens({ tokenizer, tokenizerConfig, added: readJsonFile(folder, "added_tokens.json") }),
  );
  vocabulary.fill(parts.vocabulary);
  metadata.set("tokenizer.ggml.tokens", { type: "strings", value: vocabulary.texts });
  metadata.set("tokenizer.ggml.token_type", { type: "i32s", value: vocabulary.types });
  if (pieces !== undefined) metadata.set("tokenizer.ggml.scores", { type: "f32s", value: vocabulary.scores });
  const files = { folder, config: parts.config.record, tokenizer, tokenizerConfig };
  describeSpecialTokens(files, vocabulary, metadata);
  describeChatTemplates(files, metadata);
  if (!metadata.has("tokenizer.chat_template"))
    parts.warnings.push(
      "It has no chat template: it completes texts, and chats are put to it in a general form.",
    );
  return metadata;
}

function openPieces(folder: string): SentencePieceModel | undefined {
  const path = join(folder, "tokenizer.model");
  if (!existsSync(path)) return undefined;
  const source = openFileSource(path);
  try {
    return readSentencePiece(source);
  } finally {
    source.close();
  }
}

function piecesOf(tokenizer: JsonRecord | undefined): SentencePieceModel | undefined {
  const model = toRecord(tokenizer?.["model"]);
  if (tokenizer === undefined || model?.["byte_fallback"] !== true) return undefined;
  return { vocabulary: readByteFallback(tokenizer), addsSpacePrefix: addsSpacePrefix(tokenizer) };
}

function describePieces(
  { vocabulary, addsSpacePrefix: adds }: SentencePieceModel,
  metadata: GgufMetadata,
): Vocabulary {
  metadata.set("tokenizer.ggml.model", { type: "string", value: "llama" });
  metadata.set("tokenizer.ggml.pre", { type: "string", value: "default" });
  metadata.set("tokenizer.ggml.add_space_prefix", { type: "bool", value: adds });
  return vocabulary;
}

function describeByteLevel(tokenizer: JsonRecord | undefined, metadata: GgufMetadata): Vocabulary {
  const kind = toRecord(tokenizer?.["model"])?.["type"];
  if (tokenizer === undefined)
    throw new FormatProblem("unsupported", "the folder has neither tokenizer.model nor tokenizer.json");
  if (kind !== "BPE")
    throw new FormatProblem(
      "unsupported",
      `its tokenizer is of the kind ${toPrintable(String(kind))}; only BPE can be converted`,
    );
  metadata.set("tokenizer.ggml.model", { type: "string", value: "gpt2" });
  metadata.set("tokenizer.ggml.pre", { type: "string", value: findCut(tokenizer) });
  metadata.set("tokenizer.ggml.merges", { type: "strings", value: readMerges(tokenizer) });
  return readVocab(tokenizer);
}
