import { type Call, Cancellation, type Dialect, type Operation, PlatformError } from "@llm-platform/kit";
import type { CallBudgets } from "../core/budgets.ts";
import type { LimitHold, LimitVerdict } from "../core/limits.ts";
import { sampledTraceId } from "../core/sampled-trace.ts";
import { toMicroseconds } from "../core/call-stages.ts";
import type { CandidateNote } from "../core/attempt-notes.ts";
import type { Principal } from "../core/principal.ts";
import type { Route } from "../core/routes.ts";
import type { RequestHead } from "../wire/request-scan.ts";
import type { Target } from "./targets.ts";
import type { TraceName } from "../telemetry/metric-family.ts";
import { CallTrace } from "./tracing/call-trace.ts";
import type { CallTracing } from "./tracing/call-tracing.ts";
import type { CallProtocol } from "./tracing/traced-call.ts";

/** What a surface hands to the gateway. */
export interface GatewayCallInput {
  readonly id: string;
  readonly operation: Operation;
  /** The dialect of the body, and of the reply that the client expects. */
  readonly dialect: Dialect;
  readonly principal: Principal;
  /** What the caller's address is counted by; undefined where none has a limit. */
  readonly address?: string | undefined;
  readonly head: RequestHead;
  readonly body: Buffer;
  /** Whether the reply is a stream, the dialect's default applied. */
  readonly stream: boolean;
  /** Restricts the call to one integration, for surfaces that belong to one. */
  readonly integration?: string | undefined;
  /** Default http. */
  readonly protocol?: CallProtocol | undefined;
  readonly traceparent?: string | undefined;
  /** Header lines that belong to the body, for platforms that speak its dialect. */
  readonly dialectHeaders?: Call["dialectHeaders"];
  /** How its arrival went, where that was measured. */
  readonly arrival?: Arrival | undefined;
}

/** How a request came in. */
export interface Arrival {
  /** From the head of the request until it was known whose it is. */
  readonly authUs: number;
  /** From then until its body was there. */
  readonly receiveUs: number;
  /** Monotonic time, in milliseconds, at which both were. */
  readonly readAtMs: number;
}

/** About four bytes of JSON make a token; used where nothing better is known, and marked as an estimate. */
const bytesPerToken = 4;

/** The tokens of a request's prompt, as far as its size tells. */
export function estimateTokens(body: Buffer): number {
  return Math.ceil(body.length / bytesPerToken);
}

/** One model call from its arrival to its end. */
export class GatewayCall {
  readonly id: string;
  readonly operation: Operation;
  readonly dialect: Dialect;
  readonly principal: Principal;
  readonly address: string | undefined;
  readonly head: RequestHead;
  readonly body: Buffer;
  readonly stream: boolean;
  readonly integration: string | undefined;
  readonly protocol: CallProtocol;
  readonly traceparent: string | undefined;
  /** Undefined while calls are not traced. */
  readonly trace: CallTrace | undefined;
  readonly dialectHeaders: Call["dialectHeaders"];
  readonly cancellation = new Cancellation();
  /** Monotonic arrival, in milliseconds. */
  readonly startedAtMs = performance.now();
  readonly authUs: number;
  readonly receiveUs: number;
  readonly parseUs: number;
  /** Milliseconds in a queue. Set by the limits. */
  queuedMs = 0;
  /** Monotonic time at which the limits had let it in; 0 before that. Set by the admission stage. */
  admittedAtMs = 0;
  /** What its name stands for. Set by the route stage. */
  route: Route | undefined;
  /** Targets to try, in order. Set by the route stage. */
  targets: readonly string[] = [];
  /** Targets that were left out for want of money. Set by the route stage. */
  closedTargets: readonly string[] = noTargets;
  /** Targets that were tried, where there is more than one to try. */
  triedTargets: readonly string[] = noTargets;
  /** Targets that it did not fit into. */
  outgrown: readonly Target[] = none;
  /** What the last choice was made among; undefined where there was but one target, and it could be asked. */
  candidates: readonly CandidateNote[] | undefined;
  /** Attempts begun so far. */
  attempts = 0;
  /** Monotonic time at which the first attempt was sent. */
  sentAtMs = 0;
  /** Who was asked last: who answered, once one did. */
  servedBy: Target | undefined;
  /** The caller's limits as this call found them; undefined when it has none. Set by the admission stage. */
  limit: LimitVerdict | undefined;
  /** What the call holds of its limits until it ends. Set by the admission stage. */
  hold: LimitHold | undefined;
  /** The budgets that it counts for; undefined when there are none. Set by the admission stage. */
  budgets: CallBudgets | undefined;
  /** Tokens that the attempts that ended have used, as far as that is known. */
  usedTokens = 0;
  /** In the roster of the calls in flight. */
  place = -1;
  #json: unknown;
  #onEnd: (() => void) | undefined;
  #hasEnded = false;

  constructor(input: GatewayCallInput, tracing?: CallTracing) {
    this.id = input.id;
    this.operation = input.operation;
    this.dialect = input.dialect;
    this.principal = input.principal;
    this.address = input.address;
    this.head = input.head;
    this.body = input.body;
    this.stream = input.stream;
    this.integration = input.integration;
    this.protocol = input.protocol ?? "http";
    this.traceparent = input.traceparent;
    this.trace = tracing === undefined ? undefined : new CallTrace(tracing, input.traceparent);
    this.dialectHeaders = input.dialectHeaders;
    const { arrival } = input;
    this.authUs = arrival === undefined ? 0 : arrival.authUs;
    this.receiveUs = arrival === undefined ? 0 : arrival.receiveUs;
    this.parseUs = arrival === undefined ? 0 : toMicroseconds(this.startedAtMs - arrival.readAtMs);
  }

  /** From the head of the request to the start of the call. */
  get preludeMs(): number {
    return (this.authUs + this.receiveUs + this.parseUs) / 1_000;
  }

  /** The name of the model for routing. */
  get askedName(): string {
    return this.integration === undefined ? this.head.model : `${this.integration}/${this.head.model}`;
  }

  /** Id of its trace, where that is kept somewhere. */
  get sampledTraceId(): TraceName | undefined {
    const { trace } = this;
    if (trace === undefined) return sampledTraceId(this.traceparent);
    return trace.isSampled ? trace.traceId : undefined;
  }

  get estimatedInputTokens(): number {
    return estimateTokens(this.body);
  }

  /** The body as JSON, parsed at most once. Throws PlatformError `invalid_request`. */
  json(): unknown {
    this.#json ??= parseBody(this.body);
    return this.#json;
  }

  /** Calls `listener` once when the call has ended in whatever way. One listener is all there is. */
  onEnd(listener: () => void): void {
    this.#onEnd = listener;
  }

  /** Marks the end. Later calls change nothing. */
  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#onEnd?.();
  }
}

const noTargets: readonly string[] = [];
const none: readonly Target[] = [];

const decoder = new TextDecoder("utf-8", { fatal: true });

function parseBody(body: Buffer): unknown {
  try {
    return JSON.parse(decoder.decode(body));
  } catch (error) {
    throw new PlatformError("invalid_request", "The body is not valid JSON in UTF-8.", { cause: error });
  }
}
