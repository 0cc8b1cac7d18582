import type { PlatformError } from "@llm-platform/kit";
import type { CandidateNote } from "../core/attempt-notes.ts";
import type { OpenAttempt, RecordStart } from "../core/ledger-record.ts";
import type { StreamEnd } from "../core/stream-ends.ts";
import type { ReplyFacts } from "../wire/reply-facts.ts";
import type { GatewayCall } from "./gateway-call.ts";
import type { Target } from "./targets.ts";

/** How an attempt ended. */
export interface AttemptEnd {
  readonly outcome: StreamEnd;
  readonly facts: ReplyFacts;
  /** Status that the upstream answered with, 0 when none came. */
  readonly status: number;
  readonly error: PlatformError | undefined;
  /** Whether the call ends with this attempt, because its reply is the client's. */
  readonly isFinal: boolean;
}

export interface AttemptBeginning {
  readonly call: GatewayCall;
  readonly target: Target;
  /** Monotonic. */
  readonly startedAtMs: number;
}

type Finish = (record: AttemptRecord, end: AttemptEnd, done: () => void) => void;

/** What is known of one attempt while it runs. It ends once. */
export class AttemptRecord {
  readonly call: GatewayCall;
  readonly target: Target;
  /** What the spool is told of it, which remembers it for longer than the call is held in memory. */
  readonly open: OpenAttempt;
  /** Monotonic. */
  readonly startedAtMs: number;
  firstContentAtMs = 0;
  /** Monotonic time at which the head of the upstream's answer was there; 0 before that. */
  headAtMs = 0;
  /** Milliseconds that connecting took; 0 where a connection was there. */
  connectMs = 0;
  /** Milliseconds that the first content was held until the beginning was on record. */
  heldMs = 0;
  /** What it was chosen among, as its call says. */
  readonly candidates: readonly CandidateNote[] | undefined;
  readonly #finish: Finish;
  #isFinished = false;
  #isNoted: boolean;
  #onNoted: (() => void) | undefined;

  constructor({ call, target, startedAtMs }: AttemptBeginning, finish: Finish) {
    this.call = call;
    this.target = target;
    this.startedAtMs = startedAtMs;
    this.candidates = call.candidates;
    const start: RecordStart = {
      attemptId: `${call.id}.${call.attempts}`,
      requestId: call.id,
      attempt: call.attempts,
      startedAtMs: Date.now(),
      principal: call.principal.name,
      operation: call.operation,
      requestedModel: call.head.model,
      integration: target.integration,
      provider: target.provider,
      upstreamModel: target.model,
      stream: call.stream,
    };
    this.open = { start, place: -1 };
    this.#finish = finish;
    // A reply that is not a stream goes out after its record: a restart need not know that it began.
    this.#isNoted = !call.stream;
  }

  /** To be called when a restart would know of this attempt. */
  noteBegin(): void {
    this.#isNoted = true;
    if (this.#onNoted === undefined) return;
    this.heldMs = performance.now() - this.firstContentAtMs;
    this.#onNoted();
  }

  /** Runs `action` as soon as a restart would know of this attempt; at once where it does already. */
  whenNoted(action: () => void): void {
    if (this.#isNoted) action();
    else this.#onNoted = action;
  }

  noteFirstContent(): void {
    if (this.firstContentAtMs === 0) this.firstContentAtMs = performance.now();
  }

  /** Writes the record; `done` runs when it is durable. A second end is ignored, and its `done` with it. */
  finish(end: AttemptEnd, done: () => void): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    this.#finish(this, end, done);
  }
}
