import {
  type Cancellation,
  type JsonObject,
  type LoadedModel,
  type Log,
  PlatformError,
} from "@llm-platform/kit";
import { CallQueue } from "./call-queue.ts";
import type { Engine, EngineListener } from "./engine-process.ts";
import { LoadCircuit } from "./load-circuit.ts";
import { decideRoom, type Resident, type RoomLimits } from "./room-policy.ts";
import type { SchedulerClock } from "./scheduler-clock.ts";

/** A model with what it takes in memory. */
export interface LoadableModel {
  readonly id: string;
  readonly bytes: number;
  /** One line on the memory, for the log. */
  readonly estimate: string;
  /** Starts an engine that loads it. */
  open(listener: EngineListener): Engine;
}

/** A turn at a loaded model. */
export interface Turn {
  /** Where the model is served. */
  readonly engine: Engine;
  /**
   * Says that the call is over; later calls change nothing.
   * After one whose connection broke the engine gets no further calls until it has answered a ping.
   */
  release(outcome?: "broken"): void;
}

/** An engine answers a ping between two tokens, so within milliseconds. */
const examineTimeoutMs = 5_000;

/** Why a model left memory. */
export type UnloadReason = "idle" | "evicted" | "asked" | "stopping";

/** What the scheduler tells: counted and announced by the integration. */
export interface SchedulerEvents {
  onLoaded(model: string, seconds: number): void;
  onLoadFailed(model: string): void;
  onUnloaded(model: string, reason: UnloadReason): void;
  onCrashed(model: string, detail: JsonObject): void;
  onGenerated(model: string, tokens: number): void;
  /** How many models are in memory now. */
  onResidents(count: number): void;
}

export interface SchedulerParts {
  readonly clock: SchedulerClock;
  readonly log: Log;
  readonly events: SchedulerEvents;
  readonly limits: RoomLimits & {
    readonly parallel: number;
    readonly queueLength: number;
    readonly queueWaitMs: number;
    readonly loadTimeoutMs: number;
    /** Undefined: never unloaded for being idle. */
    readonly keepAliveMs: number | undefined;
  };
}

interface Seat {
  readonly model: LoadableModel;
  readonly engine: Engine;
  state: "loading" | "ready" | "suspect" | "stopping";
  memoryBytes: number;
  activeCalls: number;
  lastUsedMs: number;
  expiresAtMs: number | undefined;
  disarm: () => void;
}

/**
 * Decides which models are in memory and whose turn it is.
 *
 * It owns every engine: it starts one when a call needs it, puts idle ones out to make room,
 * lets them go when nobody asked for long, and notices when one dies.
 */
export class ModelScheduler {
  readonly #parts: SchedulerParts;
  readonly #seats = new Map<string, Seat>();
  readonly #wanted = new Map<string, LoadableModel>();
  readonly #queue: CallQueue<Turn>;
  readonly #circuit = new LoadCircuit();
  #isStopping = false;

  constructor(parts: SchedulerParts) {
    this.#parts = parts;
    const { queueLength, queueWaitMs } = parts.limits;
    this.#queue = new CallQueue({
      clock: parts.clock,
      maxLength: queueLength,
      maxWaitMs: queueWaitMs,
      isLoading: (model) => this.#seats.get(model)?.state === "loading",
    });
  }

  /** Calls that wait for a turn now. */
  get waitingCalls(): number {
    return this.#queue.length;
  }

  /**
   * Takes a turn at a model; loads it when it is not in memory.
   * Rejects with PlatformError `overloaded`, `unavailable`, `insufficient_storage`, `shutting_down`, or the cancellation's reason.
   */
  async take(model: LoadableModel, cancellation: Cancellation): Promise<Turn> {
    if (this.#isStopping) throw shuttingDown();
    if (cancellation.reason !== undefined) throw cancellation.reason;
    const seat = this.#seats.get(model.id);
    if (
      seat?.state === "ready" &&
      seat.activeCalls < this.#parts.limits.parallel &&
      this.#queue.first(model.id) === undefined
    ) {
      return this.#seatTurn(seat);
    }
    this.#wanted.set(model.id, model);
    const turn = this.#queue.wait(model.id, cancellation);
    this.#advance();
    return await turn;
  }

  /** Models in memory, with when they go. `toWallMs` turns the scheduler's time into that of the calendar. */
  loaded(toWallMs: (ms: number) => number): readonly LoadedModel[] {
    return [...this.#seats.values()]
      .filter((seat) => seat.state === "ready")
      .map((seat) => ({
        id: seat.model.id,
        memoryBytes: seat.memoryBytes,
        activeCalls: seat.activeCalls,
        ...(seat.expiresAtMs === undefined ? {} : { expiresAtMs: Math.round(toWallMs(seat.expiresAtMs)) }),
      }));
  }

  /** Lets a model go now; calls in progress break. Resolves when its process is gone. */
  async unload(id: string): Promise<void> {
    const seat = this.#seats.get(id);
    if (seat !== undefined) await this.#leave(seat, "asked");
  }

  /** Ids of loaded models whose process does not answer within the signal's time. */
  async findSilent(signal: AbortSignal): Promise<readonly string[]> {
    const ready = [...this.#seats.values()].filter((seat) => seat.state === "ready");
    const answers = await Promise.all(
      ready.map(async (seat) => ({ seat, isAlive: await seat.engine.ping(signal) })),
    );
    return answers
      .filter(({ seat, isAlive }) => !isAlive && seat.state === "ready")
      .map(({ seat }) => seat.model.id);
  }

  /** Refuses all that wait and ends all engines; when the signal aborts, by force. */
  async stop(signal: AbortSignal): Promise<void> {
    this.#isStopping = true;
    this.#queue.refuseAll(shuttingDown());
    await Promise.all(
      [...this.#seats.values()].map(async (seat) => await this.#leave(seat, "stopping", signal)),
    );
  }

  /** Gives turns and starts loads as far as there is room. */
  #advance(): void {
    if (this.#isStopping) return;
    for (const id of this.#queue.models) {
      const seat = this.#seats.get(id);
      if (seat === undefined) this.#bringIn(id);
      else if (seat.state === "ready") this.#grantTurns(seat);
    }
  }

  #grantTurns(seat: Seat): void {
    while (seat.activeCalls < this.#parts.limits.parallel) {
      const waiter = this.#queue.first(seat.model.id);
      if (waiter === undefined) return;
      waiter.grant(this.#seatTurn(seat));
    }
  }

  #bringIn(id: string): void {
    const model = this.#wanted.get(id);
    if (model === undefined) return;
    const pauseMs = this.#circuit.pauseMs(id, this.#parts.clock.nowMs());
    if (pauseMs > 0) {
      const message = `The model '${id}' failed to load several times; it is tried again in ${Math.ceil(pauseMs / 1000)} s.`;
      this.#queue.refuseAll(new PlatformError("unavailable", message, { retryAfterMs: pauseMs }), id);
      return;
    }
    const decision = decideRoom(model.bytes, this.#residents(), this.#parts.limits);
    switch (decision.type) {
      case "load":
        this.#load(model);
        return;
      case "evict":
        for (const evicted of decision.ids) {
          const seat = this.#seats.get(evicted);
          if (seat !== undefined) void this.#leave(seat, "evicted");
        }
        return;
      case "wait":
        return;
      case "refuse":
        this.#parts.log.warn("model.too_large", { model: id, estimate: model.estimate });
        this.#queue.refuseAll(tooLarge(model, this.#parts.limits.maxBytes), id);
        return;
      default:
        return decision satisfies never;
    }
  }

  #residents(): readonly Resident[] {
    return [...this.#seats.values()].map((seat) => ({
      id: seat.model.id,
      bytes: seat.model.bytes,
      isBusy: seat.state !== "ready" || seat.activeCalls > 0,
      lastUsedMs: seat.lastUsedMs,
    }));
  }

  #load(model: LoadableModel): void {
    const { clock, log, events, limits } = this.#parts;
    log.info("model.loading", { model: model.id, memory: model.estimate });
    const engine = model.open({ log, onGenerated: (tokens) => events.onGenerated(model.id, tokens) });
    const seat: Seat = {
      model,
      engine,
      state: "loading",
      memoryBytes: model.bytes,
      activeCalls: 0,
      lastUsedMs: clock.nowMs(),
      expiresAtMs: undefined,
      disarm: () => undefined,
    };
    this.#seats.set(model.id, seat);
    events.onResidents(this.#seats.size);
    const startedAtMs = clock.nowMs();
    const cancelTimeout = clock.after(limits.loadTimeoutMs, () => {
      log.error("model.load_timed_out", { model: model.id, seconds: limits.loadTimeoutMs / 1000 });
      void engine.stop();
    });
    void engine.exited.then((exit) => this.#onExit(seat, { code: exit.code, signal: exit.signal }));
    engine.ready.then(
      (facts) => {
        cancelTimeout();
        if (seat.state !== "loading") return;
        seat.state = "ready";
        seat.memoryBytes = facts.memoryBytes;
        this.#circuit.recordSuccess(model.id);
        events.onLoaded(model.id, (clock.nowMs() - startedAtMs) / 1000);
        this.#rest(seat);
        this.#advance();
      },
      () => {
        cancelTimeout();
        void engine.stop();
      },
    );
  }

  #onExit(seat: Seat, exit: { readonly code: number | null; readonly signal: string | null }): void {
    const { id } = seat.model;
    const was = seat.state;
    seat.state = "stopping";
    seat.disarm();
    if (this.#seats.get(id) === seat) this.#seats.delete(id);
    this.#parts.events.onResidents(this.#seats.size);
    if (was === "loading") {
      this.#circuit.recordFailure(id, this.#parts.clock.nowMs());
      this.#parts.events.onLoadFailed(id);
      this.#queue.refuseAll(
        new PlatformError("unavailable", `The model '${id}' could not be loaded. The log says why.`),
        id,
      );
    }
    if (was === "ready" || was === "suspect")
      this.#parts.events.onCrashed(id, { model: id, code: exit.code, signal: exit.signal });
    this.#advance();
  }

  #seatTurn(seat: Seat): Turn {
    seat.activeCalls += 1;
    seat.disarm();
    seat.expiresAtMs = undefined;
    let isOver = false;
    return {
      engine: seat.engine,
      release: (outcome) => {
        if (isOver) return;
        isOver = true;
        seat.activeCalls -= 1;
        seat.lastUsedMs = this.#parts.clock.nowMs();
        if (outcome === "broken" && seat.state === "ready") void this.#examine(seat);
        if (seat.activeCalls === 0 && seat.state === "ready") this.#rest(seat);
        this.#advance();
      },
    };
  }

  /** Lets an engine whose connection broke serve again if it answers; ends it if it does not. */
  async #examine(seat: Seat): Promise<void> {
    seat.state = "suspect";
    seat.disarm();
    const timeout = new AbortController();
    const disarm = this.#parts.clock.after(examineTimeoutMs, () => timeout.abort());
    const isAlive = await seat.engine.ping(timeout.signal);
    disarm();
    if (seat.state !== "suspect") return;
    if (!isAlive) {
      await seat.engine.stop(AbortSignal.abort());
      return;
    }
    seat.state = "ready";
    if (seat.activeCalls === 0) this.#rest(seat);
    this.#advance();
  }

  /** Starts the countdown of an idle model. */
  #rest(seat: Seat): void {
    const { clock, limits } = this.#parts;
    seat.disarm();
    if (limits.keepAliveMs === undefined) return;
    seat.expiresAtMs = clock.nowMs() + limits.keepAliveMs;
    seat.disarm = clock.after(limits.keepAliveMs, () => {
      if (seat.activeCalls === 0) void this.#leave(seat, "idle");
    });
  }

  async #leave(seat: Seat, reason: UnloadReason, force?: AbortSignal): Promise<void> {
    const wasReady = seat.state === "ready" || seat.state === "suspect";
    seat.state = "stopping";
    seat.disarm();
    await seat.engine.stop(force);
    if (wasReady) this.#parts.events.onUnloaded(seat.model.id, reason);
  }
}

function tooLarge(model: LoadableModel, maxBytes: number): PlatformError {
  const message =
    `The model '${model.id}' needs about ${model.estimate}, but local models may take ${Math.floor(maxBytes / 1024 / 1024)} MiB. ` +
    "Choose a smaller model, or lower 'context_tokens' or 'parallel', or raise 'memory_limit_bytes'.";
  return new PlatformError("insufficient_storage", message);
}

function shuttingDown(): PlatformError {
  return new PlatformError("shutting_down", "The local engine is stopping. Try again later.", {
    isRetryable: true,
  });
}
