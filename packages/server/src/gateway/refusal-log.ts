import type { RefusedCall } from "../core/refused-call.ts";
import type { NumberSeries } from "../telemetry/metric-family.ts";
import type { RefusalSink } from "./recorder.ts";

export interface RefusalLogParts {
  /** Keeps calls; may reject, and then they are not kept. */
  write(calls: readonly RefusedCall[]): Promise<void>;
  /** Counts those that are not kept. */
  readonly lost: NumberSeries;
}

/** Notes calls that ended without a reply, some at a time. */
export interface RefusalLog extends RefusalSink {
  /** Writes what is left. */
  close(): Promise<void>;
}

/**
 * Who is refused comes again, and an attacker does so as fast as it can: more than these in a beat are counted and not
 * kept, so that refusals, which cost next to nothing, never become work for the disk.
 */
const mostPerBeat = 100;
const beatMs = 250;
/** Writes that may wait for a database that is slow. */
const mostWrites = 4;

export function createRefusalLog({ write, lost }: RefusalLogParts): RefusalLog {
  let waiting: RefusedCall[] = [];
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();
  let writes = 0;

  async function writeAfter(before: Promise<void>, calls: readonly RefusedCall[]): Promise<void> {
    await before;
    try {
      await write(calls);
    } catch {
      // The database does not answer, which others tell of; these calls are only counted.
      lost.add(calls.length);
    } finally {
      writes--;
    }
  }

  function flush(): void {
    timer = undefined;
    const calls = waiting;
    waiting = [];
    if (writes >= mostWrites) {
      lost.add(calls.length);
      return;
    }
    writes++;
    writing = writeAfter(writing, calls);
  }

  return {
    note(call) {
      if (waiting.length >= mostPerBeat) {
        lost.add();
        return;
      }
      waiting.push(call);
      timer ??= setTimeout(flush, beatMs);
    },
    async close() {
      clearTimeout(timer);
      if (waiting.length > 0) flush();
      await writing;
    },
  };
}
