import { setTimeout as sleep } from "node:timers/promises";
import { type Log, PlatformError, type PullProgress, toPlatformError } from "@llm-platform/kit";
import { ByteRate } from "../core/byte-rate.ts";
import { completedBytesOf, type Pull, type PulledFile, type PullPhase } from "../core/pull.ts";
import type { PullRecords } from "./pull-records.ts";
import type { PullRunner, PullTransfer, PullUpdate } from "./pull-runner.ts";

/** One pull while it waits or runs. */
export interface PullJob {
  readonly pull: Pull;
  /** Calls `listener` with what the source itself says. */
  onStep(listener: (step: PullProgress) => void): void;
  /** Runs it to its end. Never rejects: how it went stands in the pull. */
  run(): Promise<void>;
  /** Stops it, and resolves when it rests. */
  rest(phase: "paused" | "cancelled"): Promise<Pull>;
  /** Stops it so that the next start of the server goes on. */
  suspend(): Promise<void>;
}

interface PullJobParts {
  readonly records: PullRecords;
  readonly log: Log;
  /** Wall time. */
  nowMs(): number;
  /** Never goes back. */
  monotonicMs(): number;
  /** Told when the pull came to rest. */
  onRest(pull: Pull): void;
  readonly pull: Pull;
  readonly runner: PullRunner;
  /** How long what the pull needs may be away at first: after a start of the server it may start later. */
  readonly patienceMs: number;
  onChange(pull: Pull): void;
}

/** Between two reports of bytes, to listeners and to the store. */
const tellEveryMs = 200;
const keepEveryMs = 2_000;
const againAfterMs = 500;

export function createPullJob(parts: PullJobParts): PullJob {
  const steps = new Set<(step: PullProgress) => void>();
  const aborter = new AbortController();
  const rate = new ByteRate();
  let pull = parts.pull;
  let wanted: "paused" | "cancelled" | "suspended" | undefined;
  let runs: Promise<void> | undefined;
  let toldAtMs = Number.NEGATIVE_INFINITY;
  let keptAtMs = Number.NEGATIVE_INFINITY;

  function change(next: Partial<Pull>): void {
    pull = { ...pull, ...next, updatedAtMs: parts.nowMs() };
  }

  function report(isPhaseNew: boolean): void {
    const now = parts.monotonicMs();
    if (isPhaseNew || now - toldAtMs >= tellEveryMs) {
      toldAtMs = now;
      parts.onChange(pull);
    }
    if (isPhaseNew || now - keptAtMs >= keepEveryMs) {
      keptAtMs = now;
      void keep();
    }
  }

  async function keep(): Promise<void> {
    try {
      await parts.records.put(pull);
    } catch (error) {
      parts.log.warn("pull.not_kept", { pull: pull.id, error });
    }
  }

  const transfer: PullTransfer = {
    signal: aborter.signal,
    update(update: PullUpdate) {
      const isPhaseNew = update.phase !== undefined && update.phase !== pull.phase;
      // What was said of the phase before does not hold for the next one.
      change({ ...(isPhaseNew ? { detail: undefined } : {}), ...update });
      if (pull.phase !== "downloading") change({ bytesPerSecond: undefined });
      report(isPhaseNew);
    },
    progress(name, completedBytes, totalBytes) {
      change({ files: withProgress(pull.files, { name, completedBytes, totalBytes }) });
      rate.note(completedBytesOf(pull), parts.monotonicMs());
      change({ bytesPerSecond: pull.phase === "downloading" ? rate.perSecond : undefined });
      report(false);
    },
    step(step) {
      for (const listener of steps) listener(step);
    },
  };

  /** Comes to rest, which listeners and the store are told of. */
  async function settle(phase: PullPhase, more: Partial<Pull> = {}): Promise<void> {
    const isOverNow = phase !== "paused";
    change({
      phase,
      bytesPerSecond: undefined,
      ...more,
      ...(isOverNow ? { finishedAtMs: parts.nowMs() } : {}),
    });
    await keep();
    parts.onRest(pull);
    parts.onChange(pull);
  }

  async function runOnce(): Promise<void> {
    try {
      transfer.update({ phase: "resolving" });
      await runPatiently();
      await settle("done");
    } catch (error) {
      if (wanted === "suspended") await keep();
      else if (wanted === undefined) await fail(error);
      else await restAs(wanted);
    }
  }

  async function runPatiently(): Promise<void> {
    const untilMs = parts.monotonicMs() + parts.patienceMs;
    for (;;) {
      try {
        await parts.runner.run(pull, transfer);
        return;
      } catch (error) {
        const isAway = error instanceof PlatformError && error.code === "unavailable";
        if (!isAway || parts.monotonicMs() >= untilMs) throw error;
        transfer.update({ detail: error.message });
        await sleep(againAfterMs, undefined, { signal: transfer.signal });
      }
    }
  }

  async function fail(error: unknown): Promise<void> {
    const { code, message, cause } = toPlatformError(error, "The pull failed.");
    parts.log.warn("pull.failed", {
      pull: pull.id,
      kind: pull.request.kind,
      source: pull.request.source,
      code,
      message,
      cause,
    });
    await settle("failed", { failure: { code, message } });
  }

  async function restAs(phase: "paused" | "cancelled"): Promise<void> {
    if (phase === "cancelled") {
      await parts.runner
        .discard?.(pull)
        .catch((error: unknown) => parts.log.warn("pull.not_discarded", { pull: pull.id, error }));
    }
    await settle(phase, { detail: undefined });
  }

  async function end(): Promise<void> {
    aborter.abort(new DOMException("the pull is to rest", "AbortError"));
    await runs;
  }

  return {
    get pull() {
      return pull;
    },
    onStep: (listener) => void steps.add(listener),
    run: () => (runs ??= runOnce()),
    async rest(phase) {
      wanted = phase;
      if (runs === undefined) await restAs(phase);
      else await end();
      return pull;
    },
    async suspend() {
      wanted = "suspended";
      await end();
    },
  };
}

function withProgress(
  files: readonly PulledFile[],
  { name, completedBytes, totalBytes }: Omit<PulledFile, "sha256">,
): readonly PulledFile[] {
  const index = files.findIndex((file) => file.name === name);
  const known = files[index];
  if (known === undefined) return [...files, { name, completedBytes, totalBytes, sha256: undefined }];
  return files.with(index, { ...known, completedBytes, totalBytes: totalBytes ?? known.totalBytes });
}
