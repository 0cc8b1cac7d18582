import { createHash } from "node:crypto";
import { sampleOf } from "./sample-json.ts";

/** How fast and how long the fake answers. */
export type Pace = {
  /** Pause before each token but the first. Default 0. */
  readonly tokenDelayMs: number;
  /** Pause before the first token. Default 0. */
  readonly firstTokenDelayMs: number;
  /** Number of tokens to answer with, in place of the echo. */
  readonly chunks: number | undefined;
};

/** A tool that the request offers. */
export type OfferedTool = { readonly name: string; readonly parameters: unknown };
export type ToolCall = { readonly id: string; readonly name: string; readonly argumentsJson: string };

/** What the fake reads from a request of either dialect. */
export type Question = {
  readonly lastText: string;
  /** Content of the last message when it is a tool's result. */
  readonly toolResult: string | undefined;
  readonly promptTokens: number;
  readonly tools: readonly OfferedTool[];
  /** Name of the tool that must be called, `any` for one of them, or undefined. */
  readonly forcedTool: string | undefined;
  /** Schema that the answer must satisfy; `{}` for any JSON object. */
  readonly schema: unknown;
  readonly stop: readonly string[];
  readonly maxTokens: number | undefined;
  readonly wantsThinking: boolean;
  /** Which of the `n` answers this is, counted from 0. */
  readonly choice: number;
};

export type Answer = {
  readonly thinking: readonly string[];
  readonly tokens: readonly string[];
  readonly toolCalls: readonly ToolCall[];
  readonly ending: "stop" | "length" | "tool_calls";
};

/** Splits text into tokens of the fake: a word with the white space before it. Joined they are the text. */
export function tokensOf(text: string): readonly string[] {
  return text.match(/\s*\S+|\s+$/g) ?? [];
}

/** Hex of a hash of the parts: an id that depends on the request only. */
export function stableId(length: number, ...parts: readonly string[]): string {
  return createHash("sha256").update(parts.join("\u0000")).digest("hex").slice(0, length);
}

/** A unit vector that depends on the text only; texts with common words point the same way. */
export function embeddingOf(text: string, dimensions: number): readonly number[] {
  const sums = Array.from({ length: dimensions }, () => 0);
  for (const word of text.toLowerCase().match(/\w+/g) ?? ["empty"]) {
    const digest = createHash("sha256").update(word).digest();
    for (let at = 0; at < dimensions; at += 1) {
      const byte = digest[at % digest.length] ?? 0;
      sums[at] = (sums[at] ?? 0) + Math.sin(byte + at) + (byte - 127.5) / 128;
    }
  }
  const length = Math.hypot(...sums) || 1;
  // Rounded to float32, which is what servers hold: base64 and JSON then carry the same value.
  return sums.map((value) => Math.fround(value / length));
}

function callTools(question: Question): readonly ToolCall[] {
  const { tools, forcedTool, lastText } = question;
  const wanted =
    forcedTool === undefined
      ? tools.filter((tool) => question.toolResult === undefined && lastText.includes(tool.name))
      : tools.filter((tool) => forcedTool === "any" || tool.name === forcedTool).slice(0, 1);
  return wanted.map((tool) => ({
    id: `call_${stableId(24, tool.name, lastText)}`,
    name: tool.name,
    argumentsJson: JSON.stringify(sampleOf(tool.parameters ?? { type: "object" })),
  }));
}

function textFor(question: Question, pace: Pace): string {
  if (pace.chunks !== undefined) {
    return Array.from({ length: pace.chunks }, (_, at) => (at === 0 ? "w0" : ` w${at}`)).join("");
  }
  if (question.schema !== undefined) {
    const sample = sampleOf(question.schema);
    const isFree = typeof sample !== "object";
    return JSON.stringify(isFree ? { echo: question.lastText } : sample);
  }
  const suffix = question.choice === 0 ? "" : ` (choice ${question.choice})`;
  if (question.toolResult !== undefined) return `tool said: ${question.toolResult}${suffix}`;
  return `echo: ${question.lastText}${suffix}`;
}

function cutAtStop(text: string, stop: readonly string[]): string {
  const places = stop.filter((word) => word !== "").map((word) => text.indexOf(word));
  const found = places.filter((place) => place >= 0);
  return found.length === 0 ? text : text.slice(0, Math.min(...found));
}

/** What the fake answers: always the same to the same question. */
export function answerTo(question: Question, pace: Pace): Answer {
  const thinking = question.wantsThinking ? tokensOf(`thinking about: ${question.lastText}`) : [];
  const toolCalls = callTools(question);
  if (toolCalls.length > 0) return { thinking, tokens: [], toolCalls, ending: "tool_calls" };
  const all = tokensOf(cutAtStop(textFor(question, pace), question.stop));
  const isCut =
    question.maxTokens !== undefined && question.maxTokens >= 0 && all.length > question.maxTokens;
  const tokens = isCut ? all.slice(0, question.maxTokens) : all;
  return { thinking, tokens, toolCalls, ending: isCut ? "length" : "stop" };
}

/** Tokens that the answer is counted with. A tool call counts the words of its arguments and its name. */
export function countAnswer(answer: Answer): number {
  const calls = answer.toolCalls.map((call) => tokensOf(call.argumentsJson).length + 1);
  return answer.thinking.length + answer.tokens.length + calls.reduce((sum, count) => sum + count, 0);
}

/** A model's name with its pace: `tiny-chat+chunks=100+interval=5+first=20` is `tiny-chat` made slow. */
export function readModelName(name: string, pace: Pace): { readonly model: string; readonly pace: Pace } {
  const [model = name, ...settings] = name.split("+");
  const values = new Map(
    settings.map((setting) => setting.split("=")).map(([key = "", value]) => [key, Number(value)]),
  );
  return {
    model,
    pace: {
      chunks: values.get("chunks") ?? pace.chunks,
      tokenDelayMs: values.get("interval") ?? pace.tokenDelayMs,
      firstTokenDelayMs: values.get("first") ?? pace.firstTokenDelayMs,
    },
  };
}
