import { invalidField, isJsonArray, type JsonObject } from "@llm-platform/kit";

/** What an instance adds to each of its requests. */
export interface RequestDefaults {
  /** How long the model stays in memory after the call, as Ollama takes it: `5m`, seconds, -1 for ever. */
  readonly keepAlive?: string | number;
  /** Window to load the model with (`num_ctx`). */
  readonly contextTokens?: number;
}

/** OpenAI's sampling fields that have the same name and meaning among Ollama's options. */
const numbersOfEqualName = ["temperature", "top_p", "frequency_penalty", "presence_penalty"] as const;

/**
 * The members `options` and `keep_alive` of a request.
 * A field that the caller leaves out is left to the model's own parameters.
 */
export function encodeDefaults(request: JsonObject, defaults: RequestDefaults): JsonObject {
  const options: JsonObject = {
    ...encodeSampling(request),
    ...encodeStop(request),
    ...encodeTokenLimit(request),
    ...(defaults.contextTokens === undefined ? {} : { num_ctx: defaults.contextTokens }),
  };
  return {
    ...(Object.keys(options).length === 0 ? {} : { options }),
    ...(defaults.keepAlive === undefined ? {} : { keep_alive: defaults.keepAlive }),
  };
}

function encodeSampling(request: JsonObject): JsonObject {
  const options: Record<string, number> = {};
  for (const name of numbersOfEqualName) {
    const value = readNumber(request, name);
    if (value !== undefined) options[name] = value;
  }
  const seed = readNumber(request, "seed");
  if (seed === undefined) return options;
  if (!Number.isSafeInteger(seed)) throw invalidField("seed", "a whole number");
  return { ...options, seed };
}

function encodeStop(request: JsonObject): JsonObject {
  const stop = request.stop ?? undefined;
  if (stop === undefined) return {};
  const list = isJsonArray(stop) ? stop : [stop];
  if (!list.every((text) => typeof text === "string"))
    throw invalidField("stop", "a text or a list of texts");
  return list.length === 0 ? {} : { stop: list };
}

/** Both spellings bound the same thing; where both stand, the smaller satisfies both. */
function encodeTokenLimit(request: JsonObject): JsonObject {
  const limits = ["max_tokens", "max_completion_tokens"].flatMap((name) => {
    const limit = readNumber(request, name);
    if (limit === undefined) return [];
    // Ollama reads a negative number as "no limit" and 0 as its default.
    if (!Number.isSafeInteger(limit) || limit < 1) throw invalidField(name, "a whole number of at least 1");
    return [limit];
  });
  return limits.length === 0 ? {} : { num_predict: Math.min(...limits) };
}

function readNumber(request: JsonObject, name: string): number | undefined {
  const value = request[name] ?? undefined;
  if (value === undefined || typeof value === "number") return value;
  throw invalidField(name, "a number");
}
