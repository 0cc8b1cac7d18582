import type { Log } from "@llm-platform/kit";
import type { CallContent } from "./store/content/call-content.ts";
import type { ResponseTable } from "./store/responses/response-table.ts";
import type { Store } from "./store/store.ts";
import type { UsageSeals } from "./store/usage-seals.ts";

export interface UsageUpkeepParts {
  readonly store: Pick<Store, "ledger" | "requestLog" | "usage">;
  /** Whether it is for this replica to do, now. */
  isInCharge(): boolean;
  readonly seals: UsageSeals;
  readonly content: Pick<CallContent, "prune">;
  readonly responses: Pick<ResponseTable, "prune">;
  readonly sealEveryMs: number;
  /** Older records are deleted; undefined keeps them all. */
  readonly retentionDays: number | undefined;
  readonly log: Log;
}

/** What is done for the ledger beside its records. */
export interface UsageUpkeep {
  /** Resolves when nothing of it runs any more. */
  stop(): Promise<void>;
}

const dayMs = 86_400_000;
const sumEveryMs = 5_000;
const pruneEveryMs = 3_600_000;
/** Fewer rows than these are no news. */
const tellFromRows = 10_000;
const tellEveryMs = 10_000;

/** Keeps the sums up to date, fills those of a ledger from before there were any, and deletes what is too old. */
export function startUsageUpkeep(parts: UsageUpkeepParts): UsageUpkeep {
  const { store, seals, content, responses, isInCharge, retentionDays, log } = parts;
  const { ledger, usage } = store;
  const stopping = new AbortController();
  const running = new Set<Promise<void>>();

  async function sum(): Promise<void> {
    const { roller } = usage;
    const missing = roller.behind;
    const isNews = missing >= tellFromRows;
    let toldAtMs = performance.now();
    await roller.catchUp(stopping.signal, () => {
      if (!isNews || performance.now() - toldAtMs < tellEveryMs) return;
      toldAtMs = performance.now();
      log.info("usage.sums_filling", { rows_left: roller.behind, rows: missing });
    });
    if (stopping.signal.aborted) return;
    await roller.flush();
    if (isNews) log.info("usage.sums_filled", { rows: missing });
  }

  async function seal(): Promise<void> {
    const rows = await seals.seal(stopping.signal);
    if (rows >= tellFromRows) log.info("ledger.sealed", { rows });
  }

  async function prune(): Promise<void> {
    const sums = await usage.horizon.prune();
    if (sums > 0) log.info("usage.sums_pruned", { deleted: sums });
    const contents = await content.prune();
    if (contents > 0) log.info("content.pruned", { deleted: contents });
    const stored = await responses.prune();
    if (stored > 0) log.info("responses.pruned", { deleted: stored });
    if (retentionDays === undefined) return;
    const untilMs = Date.now() - retentionDays * dayMs;
    const refused = await store.requestLog.pruneRefused(untilMs);
    if (refused > 0) log.info("requests.pruned", { deleted: refused });
    const settledId = Math.min(usage.roller.rolledId, await seals.sealedId());
    if (!(await ledger.hasOlderThan(untilMs, settledId))) return;
    await seals.notePruned(untilMs);
    const deleted = await ledger.deleteOlderThan(untilMs, settledId);
    log.info("ledger.pruned", { deleted });
  }

  /** One run of each at a time: a timer that comes while the one before still runs is let go. */
  function every(intervalMs: number, work: () => Promise<void>, failure: string): NodeJS.Timeout {
    const state = { isBusy: false };
    const run = (): void => {
      if (state.isBusy || !isInCharge()) return;
      state.isBusy = true;
      const done = work()
        .catch((error: unknown) => log.warn(failure, { error }))
        .finally(() => {
          state.isBusy = false;
          running.delete(done);
        });
      running.add(done);
    };
    run();
    return setInterval(run, intervalMs);
  }

  const timers = [
    every(sumEveryMs, sum, "usage.sums_failed"),
    every(parts.sealEveryMs, seal, "ledger.seal_failed"),
    every(pruneEveryMs, prune, "ledger.prune_failed"),
  ];
  return {
    async stop() {
      timers.forEach(clearInterval);
      stopping.abort();
      await Promise.all(running);
    },
  };
}
