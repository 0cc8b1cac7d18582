import { type JsonRecord, toList, toRecord } from "../json-file.ts";
import { readMerges, readVocab } from "./byte-level.ts";
import { tokenTypes, type Vocabulary } from "./vocabulary.ts";

const byteToken = /^<0x[0-9A-F]{2}>$/;

/**
 * A tokenizer of SentencePiece's kind that is there as `tokenizer.json` only. Its merges become scores: llama.cpp merges
 * the pair with the highest one first.
 */
export function readByteFallback(tokenizer: JsonRecord): Vocabulary {
  const vocabulary = readVocab(tokenizer);
  const unknown = toRecord(tokenizer["model"])?.["unk_token"];
  const ranks = new Map<string, number>();
  for (const [rank, merge] of readMerges(tokenizer).entries()) {
    const text = merge.replace(" ", "");
    if (!ranks.has(text)) ranks.set(text, rank);
  }
  for (const [id, text] of vocabulary.texts.entries()) {
    const type = byteToken.test(text)
      ? tokenTypes.byte
      : text === unknown
        ? tokenTypes.unknown
        : tokenTypes.normal;
    vocabulary.set(id, { text, score: -(ranks.get(text) ?? ranks.size), type });
  }
  return vocabulary;
}

/** Whether a space is put before a text. */
export function addsSpacePrefix(tokenizer: JsonRecord): boolean {
  const pre = toRecord(tokenizer["pre_tokenizer"]);
  if (pre?.["type"] === "Metaspace")
    return pre["prepend_scheme"] !== "never" && pre["add_prefix_space"] !== false;
  const normalizer = toRecord(tokenizer["normalizer"]);
  const steps =
    normalizer?.["type"] === "Sequence" ? toList(normalizer["normalizers"]).map(toRecord) : [normalizer];
  return steps.some((step) => step?.["type"] === "Prepend");
}
