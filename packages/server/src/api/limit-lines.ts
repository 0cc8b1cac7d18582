import type { BucketVerdict } from "../core/token-bucket.ts";

/** Header lines that tell a caller its limit. */
export function limitLines({ limit, remaining, resetMs }: BucketVerdict): string {
  return `x-ratelimit-limit-requests: ${limit}\r\nx-ratelimit-remaining-requests: ${remaining}\r\nx-ratelimit-reset-requests: ${(resetMs / 1_000).toFixed(3)}s\r\n`;
}
