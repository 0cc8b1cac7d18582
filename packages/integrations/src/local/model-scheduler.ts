import { type Cancellation, type LoadedModel, PlatformError } from "@llm-platform/kit";
import { CallQueue } from "./call-queue.ts";
import type { EngineExit } from "./engine-process.ts";
import { LoadCircuit } from "./load-circuit.ts";
import { LoadPace } from "./load-pace.ts";
import type { LoadableModel } from "./loadable-model.ts";
import { decideRoom, type Resident } from "./room-policy.ts";
import type { SchedulerParts, Turn, UnloadReason } from "./scheduler-parts.ts";
import { shuttingDown, tooLarge } from "./scheduler-refusals.ts";
import { closeSeat, createSeat, type Seat, toLoadedModel, toResident } from "./seat.ts";

/** An engine answers a ping between two tokens, so within milliseconds. */
const examineTimeoutMs = 5_000;
const unloadGraceMs = 30_000;

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
  readonly #pace: LoadPace;
  #isStopping = false;
  #isAdvancing = false;
  #mustAdvance = false;
  #wake: { readonly atMs: number; readonly disarm: () => void } | undefined;

  constructor(parts: SchedulerParts) {
    this.#parts = parts;
    const { queueLength, queueWaitMs, maxLoadsPerMinute } = parts.limits;
    this.#pace = new LoadPace(maxLoadsPerMinute);
    this.#queue = new CallQueue({
      clock: parts.clock,
      maxLength: queueLength,
      maxWaitMs: queueWaitMs,
      isLoading: (model) => {
        const seat = this.#seats.get(model);
        return seat !== undefined && (seat.state === "loading" || this.#isOutdated(seat));
      },
      onLeft: () => this.#advance(),
    });
  }

  /** Calls that wait for a turn now. */
  get waitingCalls(): number {
    return this.#queue.length;
  }

  /**
   * Takes a turn at a model; loads it when it is not in memory, and anew when it is there in another way: then once the
   * calls in progress have ended.
   * Rejects with PlatformError `overloaded`, `unavailable`, `insufficient_storage`, `shutting_down`, or the cancellation's reason.
   */
  async take(wanted: LoadableModel, cancellation: Cancellation, tenant = ""): Promise<Turn> {
    if (this.#isStopping) throw shuttingDown();
    if (cancellation.reason !== undefined) throw cancellation.reason;
    // The GPU may have failed since it was made ready.
    const model = this.#parts.gpuFaults.runnable(wanted);
    this.#wanted.set(model.id, model);
    const seat = this.#seats.get(model.id);
    if (seat !== undefined && this.#hasTurn(seat) && this.#queue.first(model.id) === undefined)
      return this.#seatTurn(seat);
    const turn = this.#queue.wait({ model: model.id, tenant, cancellation });
    this.#advance();
    return await turn;
  }

  /** Models in memory, with when they go. `toWallMs` turns the scheduler's time into that of the calendar. */
  loaded(toWallMs: (ms: number) => number): readonly LoadedModel[] {
    return [...this.#seats.values()]
      .filter((seat) => seat.state === "ready")
      .map((seat) => toLoadedModel(seat, toWallMs));
  }

  /** Keeps a model in memory as it now says. Returns whether it is there but in another way, so that it is to be loaded anew. */
  update(model: LoadableModel): boolean {
    const seat = this.#seats.get(model.id);
    if (seat === undefined) return false;
    if (seat.model.stamp !== model.stamp) return true;
    seat.model = model;
    if (seat.state === "ready" && seat.activeCalls === 0) this.#rest(seat);
    this.#advance();
    return false;
  }

  /** Whether a model is in memory in another way than it now is. */
  isOutdated(model: LoadableModel): boolean {
    const seat = this.#seats.get(model.id);
    return seat !== undefined && seat.model.stamp !== model.stamp;
  }

  /** Calls at a model, those that wait with them; undefined when it is not in memory. */
  callsAt(id: string): { readonly isReady: boolean; readonly calls: number } | undefined {
    const seat = this.#seats.get(id);
    if (seat === undefined) return undefined;
    return {
      isReady: seat.state === "ready" && !seat.isClosing,
      calls: seat.activeCalls + this.#queue.countFor(id),
    };
  }

  /** Whether a model could be loaded beside those that are in memory or waited for. */
  hasRoom(model: LoadableModel): boolean {
    if (this.#queue.models.some((id) => !this.#seats.has(id))) return false;
    return decideRoom(model, this.#residents(this.#parts.clock.nowMs()), this.#parts.limits).type === "load";
  }

  /** Throws PlatformError `insufficient_storage` for a model that could never be loaded. */
  requireRoom(model: Pick<LoadableModel, "id" | "bytes" | "gpuBytes" | "estimate">): void {
    const { limits } = this.#parts;
    if (decideRoom(model, [], limits).type === "refuse") throw tooLarge(model, limits);
  }

  /** Lets a model go when its calls are over; those that take longer than half a minute break. Resolves when its process is gone. */
  async unload(id: string): Promise<void> {
    const seat = this.#seats.get(id);
    if (seat === undefined) return;
    await closeSeat(seat, this.#parts.clock, unloadGraceMs);
    await this.#leave(seat, "asked");
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
    this.#disarmWake();
    this.#queue.refuseAll(shuttingDown());
    await Promise.all(
      [...this.#seats.values()].map(async (seat) => await this.#leave(seat, "stopping", signal)),
    );
  }

  /** Gives turns and starts loads as far as there is room. What happens meanwhile is looked at afterwards. */
  #advance(): void {
    this.#mustAdvance = true;
    if (this.#isAdvancing) return;
    this.#isAdvancing = true;
    while (this.#mustAdvance && !this.#isStopping) {
      this.#mustAdvance = false;
      this.#look();
    }
    this.#isAdvancing = false;
  }

  #look(): void {
    this.#disarmWake();
    for (const seat of this.#seats.values()) seat.isYielding = false;
    const { models } = this.#queue;
    // First who has to go, then who may stay and work.
    for (const id of models) if (!this.#seats.has(id)) this.#bringIn(id);
    for (const id of models) {
      const seat = this.#seats.get(id);
      if (seat?.state === "ready") this.#grantTurns(seat);
    }
  }

  #grantTurns(seat: Seat): void {
    if (this.#isOutdated(seat)) {
      if (seat.activeCalls === 0) void this.#leave(seat, "changed");
      return;
    }
    while (this.#hasTurn(seat)) {
      const waiter = this.#queue.first(seat.model.id);
      if (waiter === undefined) return;
      waiter.grant(this.#seatTurn(seat));
    }
  }

  #hasTurn(seat: Seat): boolean {
    const isFree = seat.state === "ready" && seat.activeCalls < this.#parts.limits.parallel;
    return isFree && !seat.isYielding && !seat.isClosing && !this.#isOutdated(seat);
  }

  #isOutdated(seat: Seat): boolean {
    const wanted = this.#wanted.get(seat.model.id);
    return wanted !== undefined && wanted.stamp !== seat.model.stamp;
  }

  #bringIn(id: string): void {
    const model = this.#wanted.get(id);
    if (model === undefined) return;
    const nowMs = this.#parts.clock.nowMs();
    const pauseMs = this.#circuit.pauseMs(id, nowMs);
    if (pauseMs > 0) {
      const message = `The model '${id}' failed to load several times; it is tried again in ${Math.ceil(pauseMs / 1000)} s.`;
      this.#queue.refuseAll(new PlatformError("unavailable", message, { retryAfterMs: pauseMs }), id);
      return;
    }
    const decision = decideRoom(model, this.#residents(nowMs), this.#parts.limits);
    switch (decision.type) {
      case "load":
        this.#load(model);
        return;
      case "evict":
        this.#makeRoom(decision.ids, nowMs);
        return;
      case "wait":
        this.#wakeAtTurnEnd(nowMs);
        return;
      case "refuse":
        this.#parts.log.warn("model.too_large", { model: id, estimate: model.estimate });
        this.#queue.refuseAll(tooLarge(model, this.#parts.limits), id);
        return;
      default:
        return decision satisfies never;
    }
  }

  /** Lets idle models go; those with calls get no further ones until they are idle. */
  #makeRoom(ids: readonly string[], nowMs: number): void {
    const pauseMs = this.#pace.pauseMs(nowMs);
    if (pauseMs > 0) {
      this.#wakeAfter(pauseMs);
      return;
    }
    for (const id of ids) {
      const seat = this.#seats.get(id);
      if (seat === undefined) continue;
      if (seat.activeCalls === 0) void this.#leave(seat, "evicted");
      else seat.isYielding = true;
    }
  }

  #wakeAtTurnEnd(nowMs: number): void {
    const left = [...this.#seats.values()]
      .map((seat) => this.#turnLeftMs(seat, nowMs))
      .filter((ms) => ms > 0);
    if (left.length > 0) this.#wakeAfter(Math.min(...left));
  }

  /** Looks again then, or when it was to do so earlier. */
  #wakeAfter(delayMs: number): void {
    const { clock } = this.#parts;
    const atMs = clock.nowMs() + delayMs;
    if (this.#wake !== undefined && this.#wake.atMs <= atMs) return;
    this.#disarmWake();
    this.#wake = { atMs, disarm: clock.after(delayMs, () => this.#advance()) };
  }

  #disarmWake(): void {
    this.#wake?.disarm();
    this.#wake = undefined;
  }

  #turnLeftMs(seat: Seat, nowMs: number): number {
    const isBusy = seat.activeCalls > 0 || this.#queue.first(seat.model.id) !== undefined;
    return this.#pace.turnLeftMs({ ...seat, isBusy }, nowMs);
  }

  #residents(nowMs: number): readonly Resident[] {
    return [...this.#seats.values()].map((seat) => toResident(seat, this.#turnLeftMs(seat, nowMs) > 0));
  }

  #load(model: LoadableModel): void {
    const { clock, log, events, limits } = this.#parts;
    log.info("model.loading", { model: model.id, memory: model.estimate });
    const engine = model.open({ log, onGenerated: (tokens) => events.onGenerated(model.id, tokens) });
    const seat = createSeat(model, engine, clock.nowMs());
    this.#pace.record(clock.nowMs());
    this.#seats.set(model.id, seat);
    events.onResidents(this.#seats.size);
    const startedAtMs = clock.nowMs();
    const cancelTimeout = clock.after(limits.loadTimeoutMs, () => {
      log.error("model.load_timed_out", { model: model.id, seconds: limits.loadTimeoutMs / 1000 });
      void engine.stop();
    });
    void engine.exited.then((exit) => this.#onExit(seat, exit));
    engine.ready.then(
      (facts) => {
        cancelTimeout();
        if (seat.state !== "loading") return;
        seat.state = "ready";
        seat.memoryBytes = facts.memoryBytes;
        seat.gpu = facts.gpu;
        seat.readyAtMs = clock.nowMs();
        seat.lastUsedMs = seat.readyAtMs;
        this.#circuit.recordSuccess(model.id);
        events.onLoaded(model.id, (clock.nowMs() - startedAtMs) / 1000, facts.gpu);
        this.#rest(seat);
        this.#advance();
      },
      () => {
        cancelTimeout();
        void engine.stop();
      },
    );
  }

  #onExit(seat: Seat, exit: EngineExit): void {
    const { id } = seat.model;
    const was = seat.state;
    if (was !== "stopping" && exit.gpuFault !== undefined) this.#leaveGpu(seat.model, exit.gpuFault);
    seat.state = "stopping";
    seat.disarm();
    if (this.#seats.get(id) === seat) this.#seats.delete(id);
    this.#parts.events.onResidents(this.#seats.size);
    if (was === "loading") {
      this.#parts.events.onLoadFailed(id);
      // Whoever waits for the model as it now is has not been refused yet.
      if (!this.#isOutdated(seat)) {
        this.#circuit.recordFailure(id, this.#parts.clock.nowMs());
        this.#queue.refuseAll(
          new PlatformError("unavailable", `The model '${id}' could not be loaded. The log says why.`),
          id,
        );
      }
    }
    if (was === "ready" || was === "suspect")
      this.#parts.events.onCrashed(id, { model: id, code: exit.code, signal: exit.signal });
    this.#advance();
  }

  /** Whoever waits for the model gets it without the GPU. */
  #leaveGpu(model: LoadableModel, reason: string): void {
    const { gpuFaults, events } = this.#parts;
    if (model.withoutGpu === undefined) return;
    gpuFaults.record(model, reason);
    events.onGpuUnusable(model.id, reason);
    const wanted = this.#wanted.get(model.id);
    if (wanted !== undefined) this.#wanted.set(model.id, gpuFaults.runnable(wanted));
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
        if (seat.activeCalls === 0) for (const told of seat.onIdle.splice(0)) told();
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
    const { clock } = this.#parts;
    const { keepAliveMs } = seat.model;
    seat.disarm();
    seat.expiresAtMs = undefined;
    if (keepAliveMs === undefined) return;
    seat.expiresAtMs = clock.nowMs() + keepAliveMs;
    seat.disarm = clock.after(keepAliveMs, () => {
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
