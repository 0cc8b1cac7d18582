import { FormatProblem } from "../../formats/format-problem.ts";
import { type JsonRecord, toList, toRecord } from "../json-file.ts";

/** What kind of token one is, by the numbers of GGUF. */
export const tokenTypes = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;

/** The tokens of a model, by their ids. */
export class Vocabulary {
  readonly texts: string[] = [];
  readonly scores: number[] = [];
  readonly types: number[] = [];

  /** Replaces the token with that id. */
  set(id: number, token: { readonly text: string; readonly score: number; readonly type: number }): void {
    this.texts[id] = token.text;
    this.scores[id] = token.score;
    this.types[id] = token.type;
  }

  /** Fills ids without a token up to the count of rows that the model has. Throws FormatProblem when it has fewer. */
  fill(count: number): void {
    if (this.texts.length > count)
      throw new FormatProblem(
        "corrupt",
        `the tokenizer has ${this.texts.length} tokens, the model only ${count}`,
      );
    for (let id = 0; id < count; id += 1)
      if (this.texts[id] === undefined)
        this.set(id, { text: `[PAD${id}]`, score: -10_000, type: tokenTypes.unused });
  }

  /** The id of a token; undefined when it is not there. */
  find(text: string): number | undefined {
    const id = this.texts.indexOf(text);
    return id === -1 ? undefined : id;
  }
}

/** A token that was added to a tokenizer after it was trained. */
export interface AddedToken {
  readonly id: number;
  readonly text: string;
  readonly isSpecial: boolean;
}

const addedScore = -1_000;
const maxTokens = 2_000_000;

/** The added tokens, wherever the tokenizer's files keep them. */
export function readAddedTokens(files: {
  readonly tokenizer: JsonRecord | undefined;
  readonly tokenizerConfig: JsonRecord | undefined;
  readonly added: JsonRecord | undefined;
}): readonly AddedToken[] {
  const tokens = new Map<number, AddedToken>();
  const add = (id: unknown, text: unknown, isSpecial: boolean): void => {
    if (typeof text === "string" && isTokenId(id)) tokens.set(id, { id, text, isSpecial });
  };
  for (const [text, id] of Object.entries(files.added ?? {})) add(id, text, false);
  for (const [id, token] of Object.entries(toRecord(files.tokenizerConfig?.["added_tokens_decoder"]) ?? {})) {
    const record = toRecord(token);
    add(Number(id), record?.["content"], record?.["special"] === true);
  }
  for (const token of toList(files.tokenizer?.["added_tokens"])) {
    const record = toRecord(token);
    add(record?.["id"], record?.["content"], record?.["special"] === true);
  }
  return [...tokens.values()];
}

export function isTokenId(id: unknown): id is number {
  return typeof id === "number" && Number.isSafeInteger(id) && id >= 0 && id < maxTokens;
}

/** Added tokens are found in a text whole. Those that the tokenizer knows as unknown stay that. */
export function setAddedTokens(vocabulary: Vocabulary, tokens: readonly AddedToken[]): void {
  for (const { id, text, isSpecial } of tokens) {
    if (vocabulary.types[id] === tokenTypes.unknown || vocabulary.types[id] === tokenTypes.byte) continue;
    const type = isSpecial ? tokenTypes.control : tokenTypes.userDefined;
    vocabulary.set(id, { text, score: addedScore, type });
  }
}
