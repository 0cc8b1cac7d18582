import type { Command } from "commander";
import type { LimitChange, NewLimits, ShownLimits } from "../identity.ts";
import { toCount } from "./count.ts";

export interface LimitOptions {
  readonly requestsPerMinute?: number;
  readonly tokensPerMinute?: number;
  readonly maxConcurrent?: number;
}

/** The same for a change: `none` takes a limit away. */
export interface LimitChangeOptions {
  readonly requestsPerMinute?: number | "none";
  readonly tokensPerMinute?: number | "none";
  readonly maxConcurrent?: number | "none";
}

/** @param otherwise what holds without them */
export function addLimitOptions(command: Command, otherwise: string): void {
  command
    .option("--requests-per-minute <count>", `calls a minute at most (default: ${otherwise})`, toCount)
    .option("--tokens-per-minute <count>", `tokens a minute at most (default: ${otherwise})`, toCount)
    .option("--max-concurrent <count>", `calls at once at most (default: ${otherwise})`, toCount);
}

export function addLimitChangeOptions(command: Command): void {
  command
    .option("--requests-per-minute <count>", "calls a minute at most, or none", toCountOrNone)
    .option("--tokens-per-minute <count>", "tokens a minute at most, or none", toCountOrNone)
    .option("--max-concurrent <count>", "calls at once at most, or none", toCountOrNone);
}

export function toLimits(options: LimitOptions): NewLimits {
  return {
    requests_per_minute: options.requestsPerMinute,
    tokens_per_minute: options.tokensPerMinute,
    max_concurrent: options.maxConcurrent,
  };
}

export function toLimitChange(options: LimitChangeOptions): LimitChange {
  return {
    requests_per_minute: toLimit(options.requestsPerMinute),
    tokens_per_minute: toLimit(options.tokensPerMinute),
    max_concurrent: toLimit(options.maxConcurrent),
  };
}

/** Limits in one cell of a table. */
export function formatLimits(limits: ShownLimits): string {
  const { requests_per_minute: requests, tokens_per_minute: tokens, max_concurrent: concurrent } = limits;
  const parts = [
    requests === null ? undefined : `${requests} calls/min`,
    tokens === null ? undefined : `${tokens} tokens/min`,
    concurrent === null ? undefined : `${concurrent} at once`,
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? "-" : parts.join(", ");
}

function toLimit(option: number | "none" | undefined): number | null | undefined {
  return option === "none" ? null : option;
}

function toCountOrNone(text: string): number | "none" {
  return text === "none" ? text : toCount(text);
}
