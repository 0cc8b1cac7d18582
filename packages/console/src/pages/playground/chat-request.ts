import type { ChatRequest, ChatTurn } from "@llm-platform/client";
import type { Turn } from "./conversation.ts";

/** What the reader has set, as it stands in the fields: numbers and JSON are texts until they are sent. */
export interface Settings {
  readonly system: string;
  readonly temperature: string;
  readonly topP: string;
  readonly maxTokens: string;
  readonly seed: string;
  /** One a line. */
  readonly stop: string;
  /** A JSON list of definitions. */
  readonly tools: string;
  /** The JSON Schema that the answer has to fit. */
  readonly schema: string;
}

export const noSettings: Settings = {
  system: "",
  temperature: "",
  topP: "",
  maxTokens: "",
  seed: "",
  stop: "",
  tools: "",
  schema: "",
};

/** Fields that hold something that cannot be sent. */
export function findProblems({ tools, schema }: Settings): ReadonlySet<keyof Settings> {
  const problems = new Set<keyof Settings>();
  if (tools.trim() !== "" && !Array.isArray(parseJson(tools))) problems.add("tools");
  if (schema.trim() !== "" && !isObject(parseJson(schema))) problems.add("schema");
  return problems;
}

/** The call that goes on with a conversation. Of fields with a problem nothing is sent. */
export function toRequest(model: string, turns: readonly Turn[], settings: Settings): ChatRequest {
  const { system, temperature, topP, maxTokens, seed, stop } = settings;
  const tools = parseJson(settings.tools);
  const schema = parseJson(settings.schema);
  const stops = stop.split("\n").filter((line) => line !== "");
  return {
    model,
    messages: [
      ...(system.trim() === "" ? [] : [{ role: "system", content: system } as const]),
      ...turns.flatMap(toTurn),
    ],
    ...numberOf("temperature", temperature),
    ...numberOf("top_p", topP),
    ...numberOf("max_tokens", maxTokens),
    ...numberOf("seed", seed),
    ...(stops.length === 0 ? {} : { stop: stops }),
    ...(Array.isArray(tools) && tools.length > 0 ? { tools } : {}),
    ...(isObject(schema)
      ? { response_format: { type: "json_schema", json_schema: { name: "answer", strict: true, schema } } }
      : {}),
  };
}

/** What was broken off is no part of the conversation; what somebody cancelled is, as far as it came. */
function toTurn(turn: Turn): readonly ChatTurn[] {
  switch (turn.role) {
    case "user":
      if (turn.images.length === 0) return [{ role: "user", content: turn.text }];
      return [
        {
          role: "user",
          content: [
            { type: "text", text: turn.text },
            ...turn.images.map((url) => ({ type: "image_url", image_url: { url } }) as const),
          ],
        },
      ];
    case "tool":
      return [{ role: "tool", tool_call_id: turn.callId, content: turn.text }];
    case "assistant":
      if (turn.toolCalls.length > 0)
        return [
          {
            role: "assistant",
            content: turn.text === "" ? null : turn.text,
            tool_calls: turn.toolCalls,
          },
        ];
      return turn.text === "" ? [] : [{ role: "assistant", content: turn.text }];
  }
}

function numberOf(name: string, text: string): object {
  const value = Number(text);
  return text.trim() === "" || Number.isNaN(value) ? {} : { [name]: value };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // It is said beneath the field.
    return undefined;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
