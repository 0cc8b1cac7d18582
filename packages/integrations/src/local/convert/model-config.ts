import { FormatProblem } from "../formats/format-problem.ts";
import { toPrintable } from "../formats/printable.ts";
import { type JsonRecord, toRecord } from "./json-file.ts";

/** GGUF keeps counts in 32 bits, and llama.cpp some of them with a sign. */
const maxCount = 0x7fffffff;

/** `config.json` of a model, read with what it must have. All of it throws FormatProblem. */
export class ModelConfig {
  readonly record: JsonRecord;

  constructor(record: JsonRecord) {
    this.record = record;
  }

  /** A whole number of 1 or more. */
  count(key: string): number {
    const value = this.optionalCount(key);
    if (value === undefined) throw new FormatProblem("corrupt", `config.json has no sound '${key}'`);
    return value;
  }

  optionalCount(key: string): number | undefined {
    const value = this.record[key];
    const isCount = typeof value === "number" && Number.isSafeInteger(value) && value > 0;
    return isCount && value <= maxCount ? value : undefined;
  }

  number(key: string): number {
    const value = this.optionalNumber(key);
    if (value === undefined) throw new FormatProblem("corrupt", `config.json has no sound '${key}'`);
    return value;
  }

  optionalNumber(key: string): number | undefined {
    const value = this.record[key];
    return typeof value === "number" && Number.isFinite(value) ? value : undefined;
  }

  text(key: string): string | undefined {
    const value = this.record[key];
    return typeof value === "string" ? value : undefined;
  }

  /** A part of it, or what stands for an absent one. */
  part(key: string): ModelConfig | undefined {
    const part = toRecord(this.record[key]);
    return part === undefined ? undefined : new ModelConfig(part);
  }

  /** Throws `unsupported` unless the value is one of those. */
  requireText(key: string, allowed: readonly string[]): void {
    const value = this.text(key);
    if (value !== undefined && !allowed.includes(value))
      throw new FormatProblem(
        "unsupported",
        `'${key}' is ${toPrintable(value)}; only ${allowed.join(" and ")} can be converted`,
      );
  }
}

/** The sizes that every decoder has. */
export interface DecoderSizes {
  readonly layers: number;
  readonly width: number;
  readonly innerWidth: number;
  readonly heads: number;
  readonly headsKv: number;
  readonly headWidth: number;
  readonly contextTokens: number;
  readonly normEpsilon: number;
}

const maxLayers = 1_000;

export function readSizes(config: ModelConfig): DecoderSizes {
  const width = config.count("hidden_size");
  const heads = config.count("num_attention_heads");
  const headsKv = config.optionalCount("num_key_value_heads") ?? heads;
  const headWidth = config.optionalCount("head_dim") ?? Math.floor(width / heads);
  const layers = config.count("num_hidden_layers");
  if (layers > maxLayers || heads % headsKv !== 0 || headWidth % 2 !== 0)
    throw new FormatProblem("corrupt", "the sizes in config.json do not go together");
  return {
    layers,
    width,
    innerWidth: config.count("intermediate_size"),
    heads,
    headsKv,
    headWidth,
    contextTokens: config.count("max_position_embeddings"),
    normEpsilon: config.number("rms_norm_eps"),
  };
}
