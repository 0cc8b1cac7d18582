import { setTimeout as wait } from "node:timers/promises";
import type { PinnedProcess } from "./processes.ts";

export interface Patience {
  /** Between two questions. Default 50. */
  readonly pollMs?: number;
  /** Default 30,000. */
  readonly timeoutMs?: number;
}

/**
 * Asks again and again until the answer is yes.
 * @throws Error with the end of the process's log when it ended, or was not ready in time; it does not run on then
 */
export async function waitUntil(
  process: PinnedProcess,
  isReady: () => Promise<boolean>,
  { pollMs = 50, timeoutMs = 30_000 }: Patience = {},
): Promise<void> {
  const giveUpAtMs = performance.now() + timeoutMs;
  while (!(await isReady())) {
    if (process.hasEnded())
      throw new Error(`${process.name} ended while it started:\n${await process.logTail()}`);
    if (performance.now() > giveUpAtMs) {
      await process.stop();
      throw new Error(
        `${process.name} is not ready after ${timeoutMs / 1_000} s:\n${await process.logTail()}`,
      );
    }
    await wait(pollMs);
  }
}

export interface Expectation {
  /** Sent as a Bearer token. */
  readonly key?: string;
  /** What the body must hold. */
  readonly mustContain?: string;
}

/** Whether the address answers 200 with the expected body. Anything else, refusal to connect included, is no. */
export async function isOk(url: string, { key, mustContain = "" }: Expectation): Promise<boolean> {
  try {
    const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(2_000) });
    return (await response.text()).includes(mustContain) && response.status === 200;
  } catch {
    // Not listening yet: asked again by the caller.
    return false;
  }
}
