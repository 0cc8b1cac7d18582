import * as z from "zod";

/** What a model's settings add to requests that leave it open. */
export const requestDefaultsSchema = z.object({
  /** For chats and completions, as they stand in a request. */
  sampling: z.record(z.string(), z.unknown()),
  systemPrompt: z.string().optional(),
  /** Stand before the messages of every chat, behind the system message. */
  messages: z.array(z.object({ role: z.string(), content: z.string() })),
});

export type RequestDefaults = z.output<typeof requestDefaultsSchema>;

/** A completion request with what it left open. What is no object stays as it is: the schema refuses it. */
export function withSamplingDefaults(body: unknown, { sampling }: RequestDefaults): unknown {
  if (!isRecord(body)) return body;
  const { max_tokens, ...others } = sampling;
  const isLimited = isGiven(body["max_tokens"]) || isGiven(body["max_completion_tokens"]);
  const defaults = isLimited || max_tokens === undefined ? others : { ...others, max_tokens };
  const given = Object.entries(body).filter(([, value]) => isGiven(value));
  return { ...defaults, ...Object.fromEntries(given) };
}

/** A chat request with what it left open. */
export function withChatDefaults(body: unknown, defaults: RequestDefaults): unknown {
  const filled = withSamplingDefaults(body, defaults);
  if (!isRecord(filled) || !Array.isArray(filled["messages"])) return filled;
  const messages: readonly unknown[] = filled["messages"];
  const { systemPrompt, messages: examples } = defaults;
  const isOwn = systemPrompt === undefined || messages.some(isSystem);
  const system = isOwn ? [] : [{ role: "system", content: systemPrompt }];
  const others = messages.findIndex((message) => !isSystem(message));
  const start = others < 0 ? messages.length : others;
  return {
    ...filled,
    messages: [...messages.slice(0, start), ...system, ...examples, ...messages.slice(start)],
  };
}

function isSystem(message: unknown): boolean {
  return isRecord(message) && (message["role"] === "system" || message["role"] === "developer");
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
