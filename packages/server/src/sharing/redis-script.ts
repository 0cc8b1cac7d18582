import { hash } from "node:crypto";
import type { Redis } from "ioredis";

/** A script, and the name by which Redis knows it once it has seen it. */
export interface RedisScript {
  readonly text: string;
  readonly sha1: string;
}

export function toScript(text: string): RedisScript {
  return { text, sha1: hash("sha1", text) };
}

/** Runs a script. Rejects as Redis does. */
export async function evaluate(
  redis: Redis,
  { text, sha1 }: RedisScript,
  rest: readonly [keys: number, ...rest: (string | number)[]],
): Promise<unknown> {
  try {
    return await redis.evalsha(sha1, ...rest);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith("NOSCRIPT")) throw error;
    return redis.eval(text, ...rest);
  }
}
