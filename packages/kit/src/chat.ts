import type { PlatformError } from "./errors.ts";

/** A JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** A JSON object. */
export interface JsonObject {
  readonly [key: string]: Json;
}

/** Tokens of one call. Absent parts were not reported. */
export interface Usage {
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  /** Part of `inputTokens` that came from a cache. */
  readonly cacheReadTokens?: number;
  /** Part of `inputTokens` that was written to a cache. */
  readonly cacheWriteTokens?: number;
  /** Part of `outputTokens` spent on reasoning. */
  readonly reasoningTokens?: number;
}

/** Why a model stopped by itself. */
export const finishReasons = ["stop", "length", "tool_calls", "content_filter"] as const;
export type FinishReason = (typeof finishReasons)[number];

/** A part of a tool call, as it arrives. `argumentsText` is a fragment of JSON text. */
export interface ToolCallDelta {
  readonly index: number;
  readonly id?: string;
  readonly name?: string;
  readonly argumentsText?: string;
}

/** Something new in one choice of a reply. */
export interface Delta {
  readonly type: "delta";
  /** Which of the `n` choices, from 0. */
  readonly choice: number;
  readonly content?: string;
  readonly reasoning?: string;
  readonly refusal?: string;
  readonly toolCalls?: readonly ToolCallDelta[];
  /** Log probabilities in OpenAI's shape. */
  readonly logprobs?: Json;
}

/**
 * A reply in the canonical form, event by event: what a codec decodes to and a surface encodes from.
 * A whole (not streamed) reply is the same events at once.
 */
export type ModelEvent =
  | Delta
  | { readonly type: "finish"; readonly choice: number; readonly reason: FinishReason }
  | { readonly type: "embedding"; readonly index: number; readonly vector: readonly number[] }
  | { readonly type: "usage"; readonly usage: Usage }
  | { readonly type: "warning"; readonly code: "prompt_truncated"; readonly message: string }
  | { readonly type: "error"; readonly error: PlatformError }
  /** The upstream said by its own means that the reply is complete. */
  | { readonly type: "end" };
