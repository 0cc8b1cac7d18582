import { FormatProblem } from "../../formats/format-problem.ts";
import { type JsonRecord, toList, toRecord } from "../json-file.ts";
import { isTokenId, tokenTypes, Vocabulary } from "./vocabulary.ts";

/** Ways to cut a text into words before pairs are merged, by the expression of the tokenizer and llama.cpp's name. */
const cuts: Readonly<Record<string, string>> = {
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+":
    "llama-bpe",
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+":
    "qwen2",
  "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+":
    "tekken",
  "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+":
    "gpt-4o",
};

/** llama.cpp's name for how the text is cut. Throws FormatProblem `unsupported`. */
export function findCut(tokenizer: JsonRecord): string {
  const pre = toRecord(tokenizer["pre_tokenizer"]);
  const steps = pre?.["type"] === "Sequence" ? toList(pre["pretokenizers"]).map(toRecord) : [pre];
  const [first] = steps;
  const expression = first?.["type"] === "Split" ? toRecord(first["pattern"])?.["Regex"] : undefined;
  const isByteLevel = steps.at(-1)?.["type"] === "ByteLevel";
  if (isByteLevel && steps.length === 1 && first?.["use_regex"] !== false) return "gpt-2";
  if (isByteLevel && steps.length === 2 && first?.["type"] === "Digits") return "smollm";
  const name =
    typeof expression === "string" && Object.hasOwn(cuts, expression) ? cuts[expression] : undefined;
  if (isByteLevel && steps.length === 2 && name !== undefined) return name;
  throw new FormatProblem(
    "unsupported",
    "its tokenizer.json cuts texts into words in a way that is not known here",
  );
}

/** The tokens of `model.vocab`, by id. */
export function readVocab(tokenizer: JsonRecord): Vocabulary {
  const vocabulary = new Vocabulary();
  const entries = Object.entries(toRecord(toRecord(tokenizer["model"])?.["vocab"]) ?? {});
  if (entries.length === 0) throw new FormatProblem("corrupt", "its tokenizer.json holds no tokens");
  for (const [text, id] of entries) {
    if (!isTokenId(id))
      throw new FormatProblem("corrupt", "its tokenizer.json holds a token without a sound id");
    vocabulary.set(id, { text, score: 0, type: tokenTypes.normal });
  }
  return vocabulary;
}

/** The merges of `model.merges`, in order: each as one text with a space between. */
export function readMerges(tokenizer: JsonRecord): readonly string[] {
  return toList(toRecord(tokenizer["model"])?.["merges"]).map((merge) => {
    if (typeof merge === "string") return merge;
    const [left, right] = toList(merge);
    if (typeof left !== "string" || typeof right !== "string")
      throw new FormatProblem("corrupt", "its tokenizer.json holds a merge that is none");
    return `${left} ${right}`;
  });
}
