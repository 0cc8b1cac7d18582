import { type Log, PlatformError, type PullProgress } from "@llm-platform/kit";
import {
  isOver,
  type Pull,
  type PullAction,
  pullKey,
  type PullKind,
  type PullRequest,
} from "../core/pull.ts";
import { createPullJob, type PullJob } from "./pull-job.ts";
import type { PullRecords } from "./pull-records.ts";
import type { PullRunner } from "./pull-runner.ts";

export interface PullManagerParts {
  readonly records: PullRecords;
  readonly runners: Readonly<Record<PullKind, PullRunner>>;
  /** Pulls that run at once; the others are queued. */
  readonly parallel: number;
  readonly log: Log;
  /** Wall time. */
  nowMs(): number;
  /** Never goes back. */
  monotonicMs(): number;
  newId(): string;
  /** Told of every pull that came to rest. */
  onRest(pull: Pull): void;
  /** Has the replica whose pull it is do that to it. Rejects with PlatformError, as that replica does or when it is not reached. */
  orderElsewhere(pull: Pull, action: PullAction): Promise<void>;
}

/** Who asks for a pull. */
export interface PullOwner {
  readonly id: string;
  readonly name: string;
}

/** Brings models here, some at once, the others in a queue, and goes on after a restart. */
export interface PullManager {
  /**
   * Begins a pull, or joins the one that brings the same already.
   * @param onStep told of what the source itself says of its progress
   */
  start(request: PullRequest, owner: PullOwner, onStep?: (step: PullProgress) => void): Promise<StartedPull>;
  /** Newest first, of every replica. */
  list(limit: number): Promise<readonly Pull[]>;
  /** Rejects with PlatformError `not_found`. */
  get(id: string): Promise<Pull>;
  /**
   * Stops it so that it can go on. One of another replica is stopped there.
   * Rejects with PlatformError `not_found`, `conflict` when it is over, `unavailable` when its replica does not answer.
   */
  pause(id: string): Promise<Pull>;
  /** Lets a pull that is paused, has failed or was cancelled go on with what is there. Rejects as `pause` does. */
  resume(id: string): Promise<Pull>;
  /** Stops it for good. Rejects as `pause` does. */
  cancel(id: string): Promise<Pull>;
  /**
   * Calls `listener` when a pull changed: one of this replica at once for its phase and a few times a second for its bytes,
   * one of another as word of it comes.
   */
  onChange(listener: (pull: Pull) => void): () => void;
  /** Resolves with the pull once it rests. */
  whenAtRest(id: string, signal: AbortSignal): Promise<Pull>;
  /** Tells those who listen how a pull of another replica stands now. */
  changedElsewhere(id: string): Promise<void>;
  /** Whether this server alone can go on with it. */
  isOwn(pull: Pull): boolean;
  /** Pulls that run or wait. */
  readonly active: number;
  /** Goes on with what was not over when the server stopped. Never rejects. */
  begin(): Promise<void>;
  /** Lets go of every pull; they go on with the next start. */
  stop(): Promise<void>;
}

export interface StartedPull {
  readonly pull: Pull;
  /** Whether it was running for somebody else already. */
  readonly isJoined: boolean;
}

/** Waiting pulls at most; a further one is refused. */
const mostActive = 256;
const checkMs = 20_000;
const resumedPatienceMs = 60_000;

export function createPullManager(parts: PullManagerParts): PullManager {
  const jobs = new Map<string, PullJob>();
  const listeners = new Set<(pull: Pull) => void>();
  const running = new Set<PullJob>();
  const state = { isStopping: false };

  function tell(pull: Pull): void {
    for (const listener of listeners) {
      try {
        listener(pull);
      } catch (error) {
        parts.log.error("pull.listener_failed", { pull: pull.id, error });
      }
    }
  }

  /** Lets waiting pulls run while there is room, the oldest first. */
  function runNext(): void {
    for (const job of jobs.values()) {
      if (state.isStopping || running.size >= parts.parallel) return;
      if (job.pull.phase !== "queued" || running.has(job)) continue;
      running.add(job);
      void job.run().finally(() => {
        running.delete(job);
        if (isOver(job.pull.phase) || job.pull.phase === "paused") jobs.delete(job.pull.id);
        runNext();
      });
    }
  }

  function findSame(request: PullRequest): PullJob | undefined {
    return [...jobs.values()].find(({ pull }) => pullKey(pull.request) === pullKey(request));
  }

  function open(pull: Pull, patienceMs = 0): PullJob {
    const runner = parts.runners[pull.request.kind];
    const job = createPullJob({ ...parts, pull, runner, patienceMs, onChange: tell });
    jobs.set(pull.id, job);
    return job;
  }

  const isOwn = ({ replica }: Pull): boolean => replica === parts.records.replica;

  async function find(id: string): Promise<Pull> {
    const job = jobs.get(id);
    if (job !== undefined) return job.pull;
    const kept = await parts.records.find(id);
    if (kept !== undefined) return kept;
    throw new PlatformError("not_found", "There is no such pull. GET /api/v1/pulls lists those there are.", {
      field: "id",
    });
  }

  /** Does it here, or has it done by the replica whose pull it is. */
  async function change(id: string, action: PullAction, here: (pull: Pull) => Promise<Pull>): Promise<Pull> {
    const pull = await find(id);
    if (isOwn(pull)) return here(pull);
    await parts.orderElsewhere(pull, action);
    return find(id);
  }

  async function pause(pull: Pull): Promise<Pull> {
    if (pull.phase === "paused") return pull;
    const job = jobs.get(pull.id);
    if (job === undefined) throw isOverError(pull);
    const paused = await job.rest("paused");
    if (!running.has(job)) jobs.delete(pull.id);
    return paused;
  }

  async function resume(pull: Pull): Promise<Pull> {
    const known = jobs.get(pull.id);
    if (known !== undefined && known.pull.phase !== "paused") return known.pull;
    if (pull.phase === "done") throw isOverError(pull);
    if (findSame(pull.request) !== undefined)
      throw new PlatformError("conflict", "Another pull brings the same already.");
    const fresh = {
      phase: "queued",
      detail: undefined,
      failure: undefined,
      finishedAtMs: undefined,
    } as const;
    const job = open({ ...pull, ...fresh });
    await parts.records.put(job.pull);
    tell(job.pull);
    runNext();
    return job.pull;
  }

  async function cancel(pull: Pull): Promise<Pull> {
    if (isOver(pull.phase)) throw isOverError(pull);
    const job = jobs.get(pull.id) ?? open(pull);
    const cancelled = await job.rest("cancelled");
    if (!running.has(job)) jobs.delete(pull.id);
    return cancelled;
  }

  const manager: PullManager = {
    async start(request, owner, onStep) {
      const same = findSame(request);
      if (same !== undefined) {
        if (onStep !== undefined) same.onStep(onStep);
        return { pull: same.pull, isJoined: true };
      }
      if (jobs.size >= mostActive)
        throw new PlatformError(
          "overloaded",
          `There are ${mostActive} pulls already. Wait until one is done, or cancel one.`,
        );
      await parts.runners[request.kind].check(request, AbortSignal.timeout(checkMs));
      const meanwhile = findSame(request);
      if (meanwhile !== undefined) return { pull: meanwhile.pull, isJoined: true };
      const job = open(newPull(request, owner, parts));
      if (onStep !== undefined) job.onStep(onStep);
      try {
        await parts.records.put(job.pull);
      } catch (error) {
        jobs.delete(job.pull.id);
        throw error;
      }
      tell(job.pull);
      runNext();
      return { pull: job.pull, isJoined: false };
    },
    async list(limit) {
      const kept = await parts.records.list(limit);
      return kept.map((pull) => jobs.get(pull.id)?.pull ?? pull);
    },
    get: find,
    pause: (id) => change(id, "pause", pause),
    resume: (id) => change(id, "resume", resume),
    cancel: (id) => change(id, "cancel", cancel),
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async whenAtRest(id, signal) {
      const rested = Promise.withResolvers<Pull>();
      const check = (pull: Pull): void => {
        if (pull.id === id && (isOver(pull.phase) || pull.phase === "paused")) rested.resolve(pull);
      };
      const onAbort = (): void => rested.reject(signal.reason);
      const stopListening = manager.onChange(check);
      signal.addEventListener("abort", onAbort, { once: true });
      try {
        check(await find(id));
        if (signal.aborted) onAbort();
        return await rested.promise;
      } finally {
        stopListening();
        signal.removeEventListener("abort", onAbort);
      }
    },
    async changedElsewhere(id) {
      if (listeners.size === 0 || jobs.has(id)) return;
      const pull = await parts.records.find(id);
      if (pull !== undefined && !isOwn(pull)) tell(pull);
    },
    isOwn,
    get active() {
      return jobs.size;
    },
    async begin() {
      const unfinished = await parts.records.unfinished().catch((error: unknown): readonly Pull[] => {
        parts.log.warn("pulls.not_resumed", { error });
        return [];
      });
      for (const pull of unfinished)
        if (pull.phase !== "paused" && !jobs.has(pull.id))
          open({ ...pull, phase: "queued", detail: undefined }, resumedPatienceMs);
      runNext();
    },
    async stop() {
      state.isStopping = true;
      await Promise.all([...jobs.values()].map((job) => job.suspend()));
    },
  };
  return manager;
}

function newPull(request: PullRequest, owner: PullOwner, parts: PullManagerParts): Pull {
  const nowMs = parts.nowMs();
  return {
    id: parts.newId(),
    replica: parts.records.replica,
    request,
    phase: "queued",
    detail: undefined,
    failure: undefined,
    revision: undefined,
    license: undefined,
    files: [],
    models: [],
    bytesPerSecond: undefined,
    createdBy: owner.id,
    createdByName: owner.name,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    finishedAtMs: undefined,
  };
}

function isOverError({ phase }: Pull): PlatformError {
  return new PlatformError(
    "conflict",
    `The pull is ${phase} already. Start another, or resume one that did not end well.`,
  );
}
