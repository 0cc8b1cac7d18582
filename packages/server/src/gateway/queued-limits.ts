import { PlatformError, toPlatformError } from "@llm-platform/kit";
import { FairQueue, type Taken, turnCredit } from "../core/fair-queue.ts";
import type { LimitDemand } from "../core/limits.ts";
import type { HistogramSeries, NumberSeries } from "../telemetry/metric-family.ts";
import type { CallLimits, LimitedCall } from "./call-limits.ts";

/** How calls wait for room. */
export interface QueueSettings {
  /** Calls that may wait in each queue; 0 for none, so that each is refused at once. */
  readonly size: number;
  readonly waitMs: number;
}

export interface QueuedLimitsParts {
  readonly inner: CallLimits;
  readonly settings: QueueSettings;
  /** The metrics of one queue. */
  metrics(queue: string): { readonly depth: NumberSeries; readonly wait: HistogramSeries };
  /** Monotonic. */
  nowMs(): number;
  /** Returns what calls the action off. */
  after(delayMs: number, action: () => void): () => void;
}

/** Limits that let calls wait where there is no room for them. */
export interface QueuedLimits extends CallLimits {
  /** Refuses those that wait, and those that would. */
  close(reason: PlatformError): void;
}

/** The queue for the calls in flight in all; the others have the names of models. */
const everyCall = "global";
/** Room may have been made in another process, which does not always tell. */
const lookMs = 50;
const fullRetryMs = 1_000;

interface Waiting {
  readonly call: LimitedCall;
  readonly demand: LimitDemand | undefined;
  readonly sinceMs: number;
  /** Lets go of the timer and the client. */
  release(): void;
  resolve(): void;
  reject(error: PlatformError): void;
  isOver: boolean;
}

interface Line {
  readonly name: string;
  readonly queue: FairQueue<Waiting>;
  readonly depth: NumberSeries;
  readonly wait: HistogramSeries;
  /** The next of it was asked for and is not known yet. */
  isAsking: boolean;
}

/**
 * Puts a queue before each thing that calls can be too many for: before all calls in flight, and before each model with a
 * bound of them. Whoever finds room goes in; who does not waits, and tenants take turns, so that who floods the server
 * waits for itself. Refused are those for whom a queue has no place, and those who waited too long.
 */
export function createQueuedLimits(parts: QueuedLimitsParts): QueuedLimits {
  return new Queues(parts);
}

class Queues implements QueuedLimits {
  readonly #parts: QueuedLimitsParts;
  readonly #lines = new Map<string, Line>();
  #closing: PlatformError | undefined;
  #calledOff: (() => void) | undefined;

  constructor(parts: QueuedLimitsParts) {
    this.#parts = parts;
    parts.inner.onRoom?.(() => this.#serve());
  }

  enter(call: LimitedCall, demand: LimitDemand | undefined): Promise<void> | undefined {
    const line = this.#lineBefore(demand);
    // Nobody passes those who wait.
    if (line !== undefined) return this.#wait(line, call, demand);
    try {
      const entering = this.#parts.inner.enter(call, demand);
      return entering?.catch((error: unknown) => this.#waitOrThrow(toPlatformError(error), call, demand));
    } catch (error) {
      return this.#waitOrThrow(toPlatformError(error), call, demand);
    }
  }

  leave(call: LimitedCall): void {
    this.#parts.inner.leave(call);
    this.#serve();
  }

  close(reason: PlatformError): void {
    this.#closing = reason;
    this.#calledOff?.();
    for (const { queue } of this.#lines.values())
      for (let next = queue.shift(); next !== undefined; next = queue.shift())
        this.#reject(next.item, reason);
    for (const { depth } of this.#lines.values()) depth.set(0);
  }

  /** The first queue that somebody waits in for what the call wants as well. */
  #lineBefore(demand: LimitDemand | undefined): Line | undefined {
    const every = this.#lines.get(everyCall);
    if (every !== undefined && every.queue.size > 0) return every;
    for (const { scope, id } of demand?.limits ?? []) {
      const line = scope === "model" ? this.#lines.get(modelLine(id)) : undefined;
      if (line !== undefined && line.queue.size > 0) return line;
    }
    return undefined;
  }

  #waitOrThrow(error: PlatformError, call: LimitedCall, demand: LimitDemand | undefined): Promise<void> {
    const name = lineOf(error, call);
    if (name === undefined) throw error;
    return this.#wait(this.#lineNamed(name), call, demand);
  }

  #lineNamed(name: string): Line {
    const known = this.#lines.get(name);
    if (known !== undefined) return known;
    const made = { name, queue: new FairQueue<Waiting>(), isAsking: false, ...this.#parts.metrics(name) };
    this.#lines.set(name, made);
    return made;
  }

  #wait(line: Line, call: LimitedCall, demand: LimitDemand | undefined): Promise<void> {
    if (this.#closing !== undefined) throw this.#closing;
    const { settings, nowMs, after } = this.#parts;
    if (line.queue.size >= settings.size) throw queueFull(line.name, settings.size);
    return new Promise((resolve, reject) => {
      const onCancel = (reason: PlatformError) => {
        // It is the client that ends this, not a limit.
        call.limit = undefined;
        this.#giveUp(waiting, reason);
      };
      const callOff = after(settings.waitMs, () =>
        this.#giveUp(waiting, waitedTooLong(line.name, settings.waitMs)),
      );
      const waiting: Waiting = {
        call,
        demand,
        sinceMs: nowMs(),
        isOver: false,
        resolve,
        reject,
        release() {
          callOff();
          call.cancellation.offCancel(onCancel);
        },
      };
      line.queue.push(call.principal.id, waiting, costOf(call));
      line.depth.set(line.queue.size);
      // A client that has left already is told of at once.
      call.cancellation.onCancel(onCancel);
      this.#lookAgain();
    });
  }

  /** Its client has left, or its time is over. */
  #giveUp(waiting: Waiting, reason: PlatformError): void {
    for (const line of this.#lines.values()) {
      line.queue.remove(waiting.call.principal.id, waiting);
      line.depth.set(line.queue.size);
    }
    this.#reject(waiting, reason);
  }

  #reject(waiting: Waiting, reason: PlatformError): void {
    if (waiting.isOver) return;
    waiting.isOver = true;
    waiting.call.queuedMs += this.#parts.nowMs() - waiting.sinceMs;
    waiting.release();
    waiting.reject(reason);
  }

  #lookAgain(): void {
    this.#calledOff ??= this.#parts.after(lookMs, () => {
      this.#calledOff = undefined;
      this.#serve();
      if ([...this.#lines.values()].some(({ queue }) => queue.size > 0)) this.#lookAgain();
    });
  }

  #serve(): void {
    for (const line of this.#lines.values()) this.#serveLine(line);
  }

  /** Lets in from a queue until there is no room, or nobody waits. */
  #serveLine(line: Line): void {
    while (!line.isAsking) {
      const next = line.queue.shift();
      if (next === undefined || !this.#tryNext(line, next)) break;
    }
    line.depth.set(line.queue.size);
  }

  /** Returns whether the one after it may be tried now. */
  #tryNext(line: Line, next: Taken<Waiting>): boolean {
    const { call, demand } = next.item;
    // What kept it out before says nothing of it any more.
    call.limit = undefined;
    try {
      const entering = this.#parts.inner.enter(call, demand);
      if (entering === undefined) {
        this.#letIn(line, next.item);
        return true;
      }
      line.isAsking = true;
      entering.then(
        () => this.#onAnswer(line, () => this.#letIn(line, next.item)),
        (error: unknown) => this.#onAnswer(line, () => this.#onRefused(line, next, toPlatformError(error))),
      );
      return false;
    } catch (error) {
      return this.#onRefused(line, next, toPlatformError(error));
    }
  }

  /** @param settle returns false when there is no room for the next either */
  #onAnswer(line: Line, settle: () => boolean): void {
    line.isAsking = false;
    if (settle()) this.#serveLine(line);
    else line.depth.set(line.queue.size);
  }

  #letIn(line: Line, waiting: Waiting): boolean {
    if (waiting.isOver) {
      // It was given up while its place was asked for.
      this.#parts.inner.leave(waiting.call);
      return true;
    }
    waiting.isOver = true;
    waiting.release();
    const { call } = waiting;
    call.queuedMs += this.#parts.nowMs() - waiting.sinceMs;
    line.wait.observe(call.queuedMs / 1_000);
    waiting.resolve();
    return true;
  }

  #onRefused(line: Line, next: Taken<Waiting>, error: PlatformError): boolean {
    const { item: waiting } = next;
    if (waiting.isOver) return true;
    const name = lineOf(error, waiting.call);
    if (this.#closing !== undefined || name === undefined) {
      this.#reject(waiting, this.#closing ?? error);
      return true;
    }
    // Where the answer took its time, nothing waited meanwhile that would be looked after again.
    this.#lookAgain();
    if (name === line.name || name === everyCall) {
      line.queue.putBack(next);
      return false;
    }
    // There is room for one more call, but not for one of its model.
    const other = this.#lineNamed(name);
    if (other.queue.size >= this.#parts.settings.size) this.#reject(waiting, error);
    else other.queue.push(next.tenant, waiting, next.cost);
    other.depth.set(other.queue.size);
    return true;
  }
}

/** The queue for what a call was refused for; undefined for a refusal that waiting is no help against. */
function lineOf(error: PlatformError, { limit }: LimitedCall): string | undefined {
  const refusal = limit?.refusal;
  if (error.code !== "overloaded" || refusal?.kind !== "concurrent") return undefined;
  return refusal.scope === "model" ? modelLine(refusal.id) : everyCall;
}

function modelLine(id: string): string {
  return `model ${id}`;
}

/** A short call takes one turn, a long one its share of them. */
function costOf({ estimatedInputTokens }: LimitedCall): number {
  return turnCredit + estimatedInputTokens;
}

function queueFull(name: string, size: number): PlatformError {
  return new PlatformError("overloaded", `The queue of calls (${name}) is full: ${size} wait.`, {
    retryAfterMs: fullRetryMs,
  });
}

function waitedTooLong(name: string, waitMs: number): PlatformError {
  return new PlatformError(
    "overloaded",
    `There was no room (${name}) within ${waitMs / 1_000} s of waiting.`,
    {
      retryAfterMs: fullRetryMs,
    },
  );
}
