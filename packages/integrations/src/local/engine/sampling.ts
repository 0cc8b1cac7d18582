import { randomInt } from "node:crypto";
import * as z from "zod";

const maxStopStrings = 16;
const seedRange = 2 ** 32;

const stopString = z.string().min(1).max(1024);

/** Fields that chat and completion requests share, with OpenAI's ranges; the last three and their defaults are llama.cpp's own. */
export const samplingFields = {
  temperature: z.number().min(0).max(2).default(1),
  top_p: z.number().min(0).max(1).default(1),
  n: z.int().min(1).max(16).default(1),
  seed: z.int().optional(),
  stop: z.union([stopString, z.array(stopString).max(maxStopStrings)]).optional(),
  frequency_penalty: z.number().min(-2).max(2).default(0),
  presence_penalty: z.number().min(-2).max(2).default(0),
  logit_bias: z
    .record(z.string().regex(/^\d{1,9}$/, "keys are token ids"), z.number().min(-100).max(100))
    .optional(),
  top_k: z.int().min(0).default(40),
  min_p: z.number().min(0).max(1).default(0.05),
  repeat_penalty: z.number().min(0.1).max(10).default(1),
};

/** Fields that change nothing here and are taken as they are. */
export const harmlessFields = {
  model: z.string().optional(),
  user: z.string().optional(),
  metadata: z.record(z.string(), z.string()).optional(),
  store: z.literal(false, "nothing is stored here, only false is possible").optional(),
  service_tier: z.enum(["auto", "default"]).optional(),
  safety_identifier: z.string().optional(),
  prompt_cache_key: z.string().optional(),
  prompt_cache_retention: z.string().optional(),
};

/** `stream` and what belongs to it. */
export const streamFields = {
  stream: z.boolean().default(false),
  stream_options: z
    .strictObject({ include_usage: z.boolean().default(false), include_obfuscation: z.boolean().optional() })
    .optional(),
};

/** How tokens are chosen. */
export interface Sampling {
  readonly temperature: number;
  readonly topP: number;
  readonly topK: number;
  readonly minP: number;
  /** 0 to 2³²−1. */
  readonly seed: number;
  readonly frequencyPenalty: number;
  readonly presencePenalty: number;
  readonly repeatPenalty: number;
  /** Token id and what is added to its logit. */
  readonly logitBias: readonly (readonly [token: number, bias: number])[];
}

interface SamplingRequest {
  readonly temperature: number;
  readonly top_p: number;
  readonly top_k: number;
  readonly min_p: number;
  readonly seed?: number | undefined;
  readonly frequency_penalty: number;
  readonly presence_penalty: number;
  readonly repeat_penalty: number;
  readonly logit_bias?: Readonly<Record<string, number>> | undefined;
}

/**
 * Without a seed in the request each call draws its own: the library's default is the second
 * of the clock, which gives equal answers to calls that come together.
 */
export function toSampling(request: SamplingRequest): Sampling {
  const seed = request.seed ?? randomInt(seedRange - 1);
  return {
    temperature: request.temperature,
    topP: request.top_p,
    topK: request.top_k,
    minP: request.min_p,
    seed: seed >>> 0,
    frequencyPenalty: request.frequency_penalty,
    presencePenalty: request.presence_penalty,
    repeatPenalty: request.repeat_penalty,
    logitBias: Object.entries(request.logit_bias ?? {}).map(([token, bias]) => [Number(token), bias]),
  };
}

/** Each choice of a call draws by a seed of its own, in a way that the same seed repeats. */
export function seedOfChoice(seed: number, choice: number): number {
  return (seed + choice) >>> 0;
}

export function toStopStrings(stop: string | readonly string[] | undefined): readonly string[] {
  if (stop === undefined) return [];
  return typeof stop === "string" ? [stop] : stop;
}
