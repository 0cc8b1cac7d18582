import { toRecord } from "../../wire/openai-usage.ts";
import type { Attributes, AttributeValue } from "../../telemetry/tracing/span.ts";
import type { attributeNames } from "../../telemetry/tracing/attribute-names.ts";
import type { TracedCall } from "./traced-call.ts";

/** Larger bodies are not read again for the sake of a span. */
const longestBodyBytes = 64 * 1024;

type Key = "temperature" | "topP" | "topK" | "maxTokens" | "seed" | "stopSequences" | "choiceCount";

/** Where each dialect says what. */
const fields: Readonly<Record<Key, readonly string[]>> = {
  temperature: ["temperature"],
  topP: ["top_p"],
  topK: ["top_k"],
  maxTokens: ["max_completion_tokens", "max_tokens", "num_predict"],
  seed: ["seed"],
  stopSequences: ["stop", "stop_sequences"],
  choiceCount: ["n"],
};

/** What a request asks of the model, without its content. */
export function requestAttributes(
  call: TracedCall,
  names: Readonly<Record<keyof typeof attributeNames, string>>,
): Attributes {
  const request = readRequest(call);
  if (request === undefined) return {};
  const found: Record<string, AttributeValue> = {};
  const options = toRecord(request["options"]);
  for (const key of keys) {
    const value = firstOf(fields[key], request) ?? (options && firstOf(fields[key], options));
    if (value !== undefined) found[names[key]] = value;
  }
  return found;
}

const keys: readonly Key[] = [
  "temperature",
  "topP",
  "topK",
  "maxTokens",
  "seed",
  "stopSequences",
  "choiceCount",
];

function readRequest(call: TracedCall): Readonly<Record<string, unknown>> | undefined {
  if (call.body.length > longestBodyBytes) return undefined;
  try {
    return toRecord(call.json());
  } catch {
    // A body that cannot be read was refused for that; its span says so.
    return undefined;
  }
}

function firstOf(
  names: readonly string[],
  request: Readonly<Record<string, unknown>>,
): AttributeValue | undefined {
  for (const name of names) {
    const value = request[name];
    if (typeof value === "number") return value;
    if (name.startsWith("stop") && typeof value === "string") return [value];
    if (Array.isArray(value) && value.every((each) => typeof each === "string")) return value;
  }
  return undefined;
}
