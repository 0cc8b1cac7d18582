import type { GgufMetadata } from "../gguf-encode.ts";
import { type JsonRecord, readJsonFile, readTextFile, toList, toRecord } from "../json-file.ts";
import { isTokenId, type Vocabulary } from "./vocabulary.ts";

const named = { bos: "bos_token", eos: "eos_token", unknown: "unk_token", padding: "pad_token" } as const;

export interface TokenizerFiles {
  readonly folder: string;
  readonly config: JsonRecord;
  readonly tokenizer: JsonRecord | undefined;
  readonly tokenizerConfig: JsonRecord | undefined;
}

/** Ids of the tokens with a meaning, and whether the first is put before a text. */
export function describeSpecialTokens(
  files: TokenizerFiles,
  vocabulary: Vocabulary,
  metadata: GgufMetadata,
): void {
  const generation = readJsonFile(files.folder, "generation_config.json") ?? {};
  const ids: Record<string, number> = {};
  for (const [key, name] of Object.entries(named)) {
    const id =
      findToken(files.tokenizerConfig?.[name], vocabulary) ??
      firstId(generation[`${name}_id`]) ??
      firstId(files.config[`${name}_id`]);
    if (id === undefined || vocabulary.texts[id] === undefined) continue;
    ids[key] = id;
    metadata.set(`tokenizer.ggml.${key}_token_id`, { type: "u32", value: id });
  }
  // A second token that ends an answer: base and chat models of one family differ in which is the first.
  const ends = [...toList(generation["eos_token_id"]), ...toList(files.config["eos_token_id"])];
  const turn = ends.find(
    (id): id is number => isTokenId(id) && id !== ids["eos"] && vocabulary.texts[id] !== undefined,
  );
  if (turn !== undefined) metadata.set("tokenizer.ggml.eot_token_id", { type: "u32", value: turn });
  const addsBos =
    files.tokenizerConfig?.["add_bos_token"] ??
    beginsWithToken(files.tokenizer, vocabulary.texts[ids["bos"] ?? -1]);
  if (typeof addsBos === "boolean")
    metadata.set("tokenizer.ggml.add_bos_token", { type: "bool", value: addsBos });
  const addsEos = files.tokenizerConfig?.["add_eos_token"];
  if (typeof addsEos === "boolean")
    metadata.set("tokenizer.ggml.add_eos_token", { type: "bool", value: addsEos });
}

/** The chat template, wherever the version of the files keeps it; further ones under their names. */
export function describeChatTemplates(
  { folder, tokenizerConfig }: TokenizerFiles,
  metadata: GgufMetadata,
): void {
  const set = (key: string, value: string): void => {
    metadata.set(key, { type: "string", value });
  };
  const single =
    readTextFile(folder, "chat_template.jinja") ??
    readJsonFile(folder, "chat_template.json")?.["chat_template"] ??
    tokenizerConfig?.["chat_template"];
  if (typeof single === "string") set("tokenizer.chat_template", single);
  for (const each of toList(single)) {
    const template = toRecord(each)?.["template"];
    const name = toRecord(each)?.["name"];
    if (typeof template !== "string" || typeof name !== "string") continue;
    set(
      name === "default"
        ? "tokenizer.chat_template"
        : `tokenizer.chat_template.${name.replaceAll(/[^\w-]/g, "_")}`,
      template,
    );
  }
}

function findToken(value: unknown, vocabulary: Vocabulary): number | undefined {
  const text = typeof value === "string" ? value : toRecord(value)?.["content"];
  return typeof text === "string" ? vocabulary.find(text) : undefined;
}

function firstId(value: unknown): number | undefined {
  return [value, ...toList(value)].find(isTokenId);
}

/** Whether the tokenizer puts the token before every text. Undefined where it does not say. */
function beginsWithToken(tokenizer: JsonRecord | undefined, text: string | undefined): boolean | undefined {
  const processor = toRecord(tokenizer?.["post_processor"]);
  if (processor === undefined || text === undefined) return undefined;
  const steps =
    processor["type"] === "Sequence" ? toList(processor["processors"]).map(toRecord) : [processor];
  const template = steps.find((step) => step?.["type"] === "TemplateProcessing");
  if (template === undefined) return processor["type"] === "ByteLevel" ? false : undefined;
  return toRecord(toRecord(toList(template["single"])[0])?.["SpecialToken"])?.["id"] === text;
}
