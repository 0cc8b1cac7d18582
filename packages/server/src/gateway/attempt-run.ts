import {
  type ByteSink,
  type Call,
  type CancelObserver,
  PlatformError,
  type Reply,
  type ReplyBody,
  type ReplyHeaders,
  toPlatformError,
} from "@llm-platform/kit";
import type { StreamEnd } from "../core/stream-ends.ts";
import type { Deadlines, Timed } from "../wire/deadlines.ts";
import type { ReplyReader } from "../wire/reply-facts.ts";
import type { AttemptRecord } from "./attempt-record.ts";
import type { GatewayCall } from "./gateway-call.ts";
import type { PreparedAttempt } from "./prepare-attempt.ts";
import type { GatewaySettings } from "./settings.ts";
import { incomplete, judgeHead, timedOut, toUpstreamError } from "./upstream-failure.ts";

export interface AttemptRunParts {
  readonly settings: GatewaySettings;
  readonly deadlines: Deadlines;
}

/** Hears once what an attempt came to. */
export interface AttemptListener {
  /** A reply whose first content is there. */
  resolve(reply: Reply): void;
  /** There is to be none. */
  reject(error: PlatformError): void;
}

/** Of an error's body, this much is kept for the log. */
const errorBodyBytes = 64 * 1024;
/** Bytes of a stream that may be held before its first content. */
const mostHeldBytes = 64 * 1024;

type Phase = "waiting" | "error_body" | "held" | "streaming" | "ending" | "over";

/**
 * One attempt of a call: sends it, watches the reply pass, and gives it exactly one end.
 *
 * Until the first content the attempt can fail without the client noticing: it is rejected and another may follow.
 * After that the reply is the client's, and every end is told through its body. In each case the record is durable first.
 */
export class AttemptRun implements ByteSink, ReplyBody, Timed, CancelObserver {
  place = -1;
  readonly #parts: AttemptRunParts;
  readonly #call: GatewayCall;
  readonly #record: AttemptRecord;
  readonly #outgoing: Call;
  readonly #reader: ReplyReader;
  #listener: AttemptListener = nobody;
  #phase: Phase = "waiting";
  #upstream: ReplyBody | undefined;
  #headers: ReplyHeaders = noHeaders;
  #status = 0;
  #errorBody: Buffer[] | undefined;
  #errorBytes = 0;
  #held: Buffer[] | undefined;
  #heldBytes = 0;
  #sink: ByteSink | undefined;
  #pendingEnd: "end" | PlatformError | undefined;
  #lastProgressMs = 0;
  #pausedSinceMs = 0;
  #endedAtMs = 0;

  constructor(parts: AttemptRunParts, record: AttemptRecord, { outgoing, reader }: PreparedAttempt) {
    this.#parts = parts;
    this.#call = record.call;
    this.#record = record;
    this.#outgoing = outgoing;
    this.#reader = reader;
  }

  start(listener: AttemptListener): void {
    this.#listener = listener;
    this.#parts.deadlines.add(this);
    this.#call.cancellation.onCancel(this);
    const { platform, absence } = this.#record.target;
    if (platform === undefined) {
      this.#endWith(new PlatformError("unavailable", absence, { isRetryable: true }));
      return;
    }
    platform.send(this.#outgoing).then(
      (reply) => this.#onReply(reply),
      (error: unknown) => this.#endWith(toPlatformError(error, "The call could not be sent.")),
    );
  }

  // What the upstream pushes.

  data(chunk: Buffer): void {
    if (this.#phase === "error_body") {
      this.#keepErrorBody(chunk);
      return;
    }
    if (this.#isClosing()) return;
    const isStream = this.#call.stream;
    const { facts } = this.#reader;
    const contentBefore = facts.contentEvents;
    let passed: Buffer | undefined;
    try {
      passed = this.#reader.push(chunk);
    } catch (error) {
      this.#endWith(toPlatformError(error));
      return;
    }
    // Comments keep a connection warm and say nothing: only content counts as progress.
    if (isStream && (facts.contentEvents > contentBefore || facts.finishedChoices > 0))
      this.#lastProgressMs = performance.now();
    if (passed !== undefined) this.#pass(passed);
    if (facts.error !== undefined) this.#endWith(facts.error);
    else if (facts.isDone && isStream) this.#complete();
  }

  end(): void {
    if (this.#phase === "error_body") {
      this.#endWithStatus();
      return;
    }
    this.#letGo();
    if (this.#isClosing()) return;
    const reader = this.#reader;
    try {
      const passed = reader.finish();
      if (passed !== undefined) this.#pass(passed);
    } catch (error) {
      this.#endWith(toPlatformError(error));
      return;
    }
    if (reader.facts.error !== undefined) this.#endWith(reader.facts.error);
    else if (reader.facts.isComplete(this.#call.head.choices)) this.#complete();
    else this.#endWith(incomplete());
  }

  fail(error: PlatformError): void {
    this.#letGo();
    if (this.#phase === "error_body") this.#endWithStatus();
    else if (!this.#isClosing()) this.#endWith(error);
  }

  // What the client's side pulls.

  read(sink: ByteSink): void {
    this.#sink = sink;
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) for (const chunk of held) sink.data(chunk);
    const pending = this.#pendingEnd;
    if (pending !== undefined) this.#tell(sink, pending);
  }

  pause(): void {
    if (this.#pausedSinceMs !== 0) return;
    this.#pausedSinceMs = performance.now();
    this.#upstream?.pause();
  }

  resume(): void {
    if (this.#pausedSinceMs === 0) return;
    this.#pausedSinceMs = 0;
    this.#lastProgressMs = performance.now();
    this.#upstream?.resume();
  }

  cancel(): void {
    this.onCancel(new PlatformError("client_cancelled", "The client ended the call."));
  }

  onCancel(reason: PlatformError): void {
    if (this.#phase !== "ending") this.#endWith(reason);
  }

  checkDeadline(nowMs: number): void {
    const { settings } = this.#parts;
    const call = this.#call;
    if (this.#phase === "over" && nowMs - this.#endedAtMs > settings.finishGraceMs) this.#letGo()?.cancel();
    if (this.#isClosing()) return;
    const limitMs = call.stream ? settings.totalTimeoutMs : settings.requestTimeoutMs;
    if (nowMs - call.startedAtMs > limitMs) {
      this.#endWith(timedOut("The call took longer than it may in total."));
    } else if (this.#phase !== "streaming") {
      const firstMs = call.stream ? settings.firstByteTimeoutMs : settings.requestTimeoutMs;
      if (nowMs - this.#record.startedAtMs > firstMs)
        this.#endWith(timedOut("The upstream sent no content in time."));
    } else if (this.#pausedSinceMs !== 0) {
      if (nowMs - this.#pausedSinceMs > settings.stuckClientTimeoutMs) this.cancel();
    } else {
      this.#checkSilence(nowMs - this.#lastProgressMs, this.#reader.facts.isComplete(call.head.choices));
    }
  }

  #checkSilence(silentMs: number, isFinished: boolean): void {
    const { settings } = this.#parts;
    if (isFinished) {
      if (silentMs > settings.finishGraceMs) this.#complete();
    } else if (silentMs > settings.chunkTimeoutMs) {
      this.#endWith(timedOut("The upstream fell silent in the middle of its reply."));
    }
  }

  #onReply(reply: Reply): void {
    if (this.#isClosing()) {
      reply.body.cancel();
      return;
    }
    this.#upstream = reply.body;
    this.#status = reply.status;
    this.#headers = reply.headers;
    this.#lastProgressMs = performance.now();
    this.#record.headAtMs = this.#lastProgressMs;
    if (reply.connectMs !== undefined) this.#record.connectMs = reply.connectMs;
    if (reply.status < 200 || reply.status >= 300) {
      this.#phase = "error_body";
    } else {
      const refusal = judgeHead(reply, this.#call.stream);
      if (refusal !== undefined) {
        this.#endWith(refusal);
        return;
      }
    }
    reply.body.read(this);
  }

  #pass(chunk: Buffer): void {
    if (this.#sink !== undefined && this.#phase === "streaming") {
      this.#sink.data(chunk);
      return;
    }
    this.#hold(chunk);
    this.#heldBytes += chunk.length;
    const { facts } = this.#reader;
    if (this.#phase === "streaming" || facts.error !== undefined) return;
    if (facts.contentEvents > 0) {
      this.#record.noteFirstContent();
      this.#release();
    } else if (this.#heldBytes > mostHeldBytes) {
      this.#endWith(
        new PlatformError("upstream_malformed", "The upstream sent no content for too long.", {
          isRetryable: true,
        }),
      );
    }
  }

  /** The reply becomes the client's, but not before a killed server would leave a trace of it; until then it is held. */
  #release(): void {
    this.#phase = "streaming";
    this.#record.whenNoted(() => this.#give());
  }

  #give(): void {
    const { dialect } = this.#call;
    this.#listener.resolve({ status: 200, headers: this.#headers, dialect, body: this });
  }

  #complete(): void {
    const reader = this.#reader;
    const wasReleased = this.#phase === "streaming";
    this.#phase = "ending";
    const finished: StreamEnd = reader.facts.finishReason ?? "stop";
    if (this.#upstream !== undefined) {
      this.#endedAtMs = performance.now();
      this.#upstream.resume();
    }
    this.#record.finish(
      { outcome: finished, facts: reader.facts, status: this.#status, error: undefined, isFinal: true },
      () => {
        this.#close();
        const frames = reader.terminalFrames();
        if (frames !== undefined) this.#hand(frames);
        if (!wasReleased) this.#give();
        this.#tellLater("end");
      },
    );
  }

  #endWith(error: PlatformError, outcome: StreamEnd = endOf(error)): void {
    if (this.#isClosing()) return;
    const wasReleased = this.#phase === "streaming";
    const { facts } = this.#reader;
    this.#phase = "ending";
    const upstream = this.#upstream;
    this.#upstream = undefined;
    upstream?.cancel();
    this.#outgoing.cancellation.cancel(error);
    this.#record.finish({ outcome, facts, status: this.#status, error, isFinal: wasReleased }, () => {
      this.#close();
      if (wasReleased) this.#tellLater(error);
      else this.#listener.reject(error);
    });
  }

  #close(): void {
    this.#phase = "over";
    // An upstream that has said its last may still owe the end of its framing; it gets a while for it.
    if (this.#upstream === undefined) this.#parts.deadlines.delete(this);
    this.#call.cancellation.offCancel(this);
  }

  /** The upstream's part is over. Returns its body, if it was still there. */
  #letGo(): ReplyBody | undefined {
    const upstream = this.#upstream;
    this.#upstream = undefined;
    if (this.#phase === "over") this.#parts.deadlines.delete(this);
    return upstream;
  }

  #hand(chunk: Buffer): void {
    if (this.#sink !== undefined) this.#sink.data(chunk);
    else this.#hold(chunk);
  }

  #hold(chunk: Buffer): void {
    if (this.#held === undefined) this.#held = [chunk];
    else this.#held.push(chunk);
  }

  #tellLater(ending: "end" | PlatformError): void {
    if (this.#sink !== undefined) this.#tell(this.#sink, ending);
    else this.#pendingEnd = ending;
  }

  #tell(sink: ByteSink, ending: "end" | PlatformError): void {
    this.#sink = undefined;
    if (ending === "end") sink.end();
    else sink.fail(ending);
  }

  #isClosing(): boolean {
    return this.#phase === "ending" || this.#phase === "over";
  }

  #keepErrorBody(chunk: Buffer): void {
    (this.#errorBody ??= []).push(chunk);
    this.#errorBytes += chunk.length;
    if (this.#errorBytes > errorBodyBytes) this.#endWithStatus();
  }

  #endWithStatus(): void {
    this.#phase = "waiting";
    const body = Buffer.concat(this.#errorBody ?? []);
    this.#errorBody = undefined;
    this.#endWith(
      toUpstreamError({
        status: this.#status,
        headers: this.#headers,
        body,
        nowEpochMs: Date.now(),
        isPlain: this.#record.target.platform?.areErrorsPlain === true,
      }),
    );
  }
}

const noHeaders: ReplyHeaders = { get: () => undefined };

/** Stands until `start` puts the listener here. */
const nobody: AttemptListener = { resolve: () => undefined, reject: () => undefined };

function endOf(error: PlatformError): StreamEnd {
  switch (error.code) {
    case "client_cancelled":
    case "upstream_incomplete":
    case "upstream_malformed":
    case "upstream_timeout":
      return error.code;
    case "shutting_down":
      return "gateway_shutdown";
    default:
      return "upstream_error";
  }
}
