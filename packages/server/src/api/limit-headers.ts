import type { LimitVerdict } from "../core/limits.ts";
import type { Quota } from "../core/sliding-window.ts";

/** Header lines that tell a caller, in OpenAI's words, what is left of the tightest of its limits. */
export function limitLines({ requests, tokens }: LimitVerdict): string {
  return quotaLines("requests", requests) + quotaLines("tokens", tokens);
}

function quotaLines(unit: string, quota: Quota | undefined): string {
  if (quota === undefined) return "";
  const { limit, remaining, resetMs } = quota;
  return `x-ratelimit-limit-${unit}: ${limit}\r\nx-ratelimit-remaining-${unit}: ${remaining}\r\nx-ratelimit-reset-${unit}: ${(resetMs / 1_000).toFixed(3)}s\r\n`;
}

/** The same as metadata of protocols that take an object. */
export function limitHeaders({ requests, tokens }: LimitVerdict): Readonly<Record<string, string>> {
  const lines = (quotaLines("requests", requests) + quotaLines("tokens", tokens)).split("\r\n");
  return Object.fromEntries(
    lines
      .map((line) => line.split(": "))
      .flatMap(([name, value]) => (name === undefined || value === undefined ? [] : [[name, value]])),
  );
}
