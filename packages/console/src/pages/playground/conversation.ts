import type { ChatToolCall } from "@llm-platform/client";

/** What the reader said. */
export interface Question {
  readonly role: "user";
  readonly text: string;
  /** As data URLs. */
  readonly images: readonly string[];
}

/** What a function that a model called came to, as the reader wrote it. */
export interface ToolResult {
  readonly role: "tool";
  readonly callId: string;
  readonly text: string;
}

/** What a model has answered so far. Times are in milliseconds from the question. */
export interface Answer {
  readonly role: "assistant";
  readonly state: "running" | "done" | "cancelled" | "cut";
  readonly text: string;
  readonly reasoning: string;
  readonly toolCalls: readonly ChatToolCall[];
  /** Why it ended, in the model's own word. */
  readonly finishReason: string | undefined;
  readonly firstMs: number | undefined;
  readonly totalMs: number | undefined;
  readonly inputTokens: number | undefined;
  readonly outputTokens: number | undefined;
  readonly requestId: string | undefined;
  readonly error: Error | undefined;
  /** What was sent, and every event of the stream as it came. */
  readonly raw: { readonly request: object; readonly events: readonly string[] };
}

export type Turn = Question | ToolResult | Answer;

/** A conversation with one model. */
export interface Lane {
  readonly model: string;
  readonly turns: readonly Turn[];
}

export function startAnswer(request: object): Answer {
  return {
    role: "assistant",
    state: "running",
    text: "",
    reasoning: "",
    toolCalls: [],
    finishReason: undefined,
    firstMs: undefined,
    totalMs: undefined,
    inputTokens: undefined,
    outputTokens: undefined,
    requestId: undefined,
    error: undefined,
    raw: { request, events: [] },
  };
}

/** In less time a rate says more about the clock than about the model. */
const minSpanMs = 100;

/** From the first content to the end; undefined while it cannot be told. */
export function tokensPerSecond({ firstMs, totalMs, outputTokens }: Answer): number | undefined {
  if (firstMs === undefined || totalMs === undefined || outputTokens === undefined) return undefined;
  const spanMs = totalMs - firstMs;
  return spanMs < minSpanMs ? undefined : outputTokens / (spanMs / 1_000);
}

/** Calls of functions that wait for the reader: those at the end of a conversation that no result followed. */
export function openToolCalls({ turns }: Lane): readonly ChatToolCall[] {
  const last = turns.at(-1);
  return last?.role === "assistant" && last.state === "done" ? last.toolCalls : [];
}

/** What the next call asks: the conversation with what is typed, or as it was asked last; none when nothing was. */
export function toAsked(turns: readonly Turn[], draft: Question): readonly Turn[] {
  if (draft.text.trim() !== "") return [...turns, draft];
  return turns.slice(0, turns.findLastIndex(({ role }) => role !== "assistant") + 1);
}
