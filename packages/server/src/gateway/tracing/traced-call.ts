import type { Dialect, Operation, PlatformError } from "@llm-platform/kit";
import type { LedgerRecord } from "../../core/ledger-record.ts";
import type { SpanId, TraceId } from "../../core/trace-id.ts";
import type { OutputCollector } from "./output-collector.ts";

/** What a client speaks, below the dialect of its bodies. */
export type CallProtocol = "http" | "graphql" | "grpc" | "websocket";

/** What of a call its spans are made of. Times are monotonic, in milliseconds. */
export interface TracedCall {
  readonly id: string;
  readonly operation: Operation;
  readonly protocol: CallProtocol;
  readonly dialect: Dialect;
  readonly principal: { readonly name: string };
  readonly head: { readonly model: string };
  readonly body: Buffer;
  readonly stream: boolean;
  readonly attempts: number;
  readonly startedAtMs: number;
  /** 0 for a call that was not sent. */
  readonly sentAtMs: number;
  /** The body as JSON. Throws where it is none. */
  json(): unknown;
}

/** What is kept of an attempt for its span. Times are monotonic. */
export interface TracedAttempt {
  readonly spanId: SpanId;
  /** The dialect that the upstream was asked in. */
  readonly dialect: Dialect;
  readonly startedAtMs: number;
  readonly firstContentAtMs: number;
  readonly endedAtMs: number;
  readonly record: LedgerRecord;
  readonly error: PlatformError | undefined;
}

/** The place of a call in its trace. */
export interface TracePlace {
  readonly traceId: TraceId;
  /** Undefined where the trace begins here. */
  readonly parentSpanId: SpanId | undefined;
  /** Monotonic; 0 for a call that did not get so far. */
  readonly admittedAtMs: number;
  readonly routedAtMs: number;
  readonly attempts: readonly TracedAttempt[];
  /** What the last attempt was answered; undefined where that is not recorded. */
  readonly output: OutputCollector | undefined;
}

interface CallEnd {
  /** What the caller was told. */
  readonly error: PlatformError | undefined;
  /** Monotonic. */
  readonly endedAtMs: number;
  /** Unix time at which the monotonic clock was 0, in milliseconds. */
  readonly epochMs: number;
  readonly serverSpanId: SpanId;
  readonly callSpanId: SpanId;
}

/** What the spans of a call are written from. */
export interface EndedCall {
  readonly call: TracedCall;
  readonly trace: TracePlace;
  readonly end: CallEnd;
}
