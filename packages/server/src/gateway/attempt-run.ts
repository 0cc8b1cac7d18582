import {
  type ByteSink,
  type Call,
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
import type { GatewaySettings } from "./settings.ts";
import type { Target } from "./targets.ts";
import { toUpstreamError } from "./upstream-failure.ts";

export interface AttemptRunInput {
  readonly call: GatewayCall;
  readonly target: Target;
  /** The call as the platform is to receive it. */
  readonly outgoing: Call;
  readonly reader: ReplyReader;
  readonly record: AttemptRecord;
  readonly settings: GatewaySettings;
  readonly deadlines: Deadlines;
}

/** Of an error's body, this much is kept for the log. */
const errorBodyBytes = 64 * 1024;
/** Bytes of a stream that may be held before its first content. */
const mostHeldBytes = 64 * 1024;

type Phase = "waiting" | "error_body" | "held" | "streaming" | "ending" | "over";

/**
 * One attempt of a call: sends it, watches the reply pass, and gives it exactly one end.
 *
 * Until the first content the attempt can fail without the client noticing: `start` rejects and another attempt may follow.
 * After that the reply is the client's, and every end is told through its body. In each case the record is durable first.
 */
export class AttemptRun implements ByteSink, ReplyBody, Timed {
  place = -1;
  readonly #input: AttemptRunInput;
  readonly #startedAtMs: number;
  #phase: Phase = "waiting";
  #upstream: ReplyBody | undefined;
  #headers: ReplyHeaders = noHeaders;
  #status = 0;
  #errorBody: Buffer[] = [];
  #errorBytes = 0;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #sink: ByteSink | undefined;
  #pendingEnd: "end" | PlatformError | undefined;
  #lastProgressMs = 0;
  #pausedSinceMs = 0;
  #endedAtMs = 0;
  #resolve: (reply: Reply) => void = nothing;
  #reject: (error: PlatformError) => void = nothing;

  constructor(input: AttemptRunInput) {
    this.#input = input;
    this.#startedAtMs = input.record.startedAtMs;
  }

  /** Resolves with a reply whose first content is there; rejects with a PlatformError when there is to be none. */
  start(): Promise<Reply> {
    const { call, outgoing, target, deadlines } = this.#input;
    const result = new Promise<Reply>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    deadlines.add(this);
    call.cancellation.onCancel(this.#onCancel);
    const platform = target.platform;
    if (platform === undefined) {
      this.#endWith(new PlatformError("unavailable", target.absence, { isRetryable: true }));
      return result;
    }
    platform.send(outgoing).then(
      (reply) => this.#onReply(reply),
      (error: unknown) => this.#endWith(toPlatformError(error, "The call could not be sent.")),
    );
    return result;
  }

  // What the upstream pushes.

  data(chunk: Buffer): void {
    if (this.#phase === "error_body") {
      this.#keepErrorBody(chunk);
      return;
    }
    if (this.#isClosing()) return;
    const { reader, call } = this.#input;
    const { facts } = reader;
    const contentBefore = facts.contentEvents;
    let passed: Buffer | undefined;
    try {
      passed = reader.push(chunk);
    } catch (error) {
      this.#endWith(toPlatformError(error));
      return;
    }
    // Comments keep a connection warm and say nothing: only content counts as progress.
    if (call.stream && (facts.contentEvents > contentBefore || facts.finishedChoices > 0))
      this.#lastProgressMs = performance.now();
    if (passed !== undefined) this.#pass(passed);
    if (facts.error !== undefined) this.#endWith(facts.error);
    else if (facts.isDone && call.stream) this.#complete();
  }

  end(): void {
    if (this.#phase === "error_body") {
      this.#endWithStatus();
      return;
    }
    this.#letGo();
    if (this.#isClosing()) return;
    const { reader, call } = this.#input;
    try {
      const passed = reader.finish();
      if (passed !== undefined) this.#pass(passed);
    } catch (error) {
      this.#endWith(toPlatformError(error));
      return;
    }
    if (reader.facts.error !== undefined) this.#endWith(reader.facts.error);
    else if (reader.facts.isComplete(call.head.choices)) this.#complete();
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
    this.#held = [];
    for (const chunk of held) sink.data(chunk);
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
    this.#onCancel(new PlatformError("client_cancelled", "The client ended the call."));
  }

  checkDeadline(nowMs: number): void {
    const { settings, call, reader } = this.#input;
    if (this.#phase === "over" && nowMs - this.#endedAtMs > settings.finishGraceMs) this.#letGo()?.cancel();
    if (this.#isClosing()) return;
    const limitMs = call.stream ? settings.totalTimeoutMs : settings.requestTimeoutMs;
    if (nowMs - call.startedAtMs > limitMs) {
      this.#endWith(timedOut("The call took longer than it may in total."));
    } else if (this.#phase !== "streaming") {
      const firstMs = call.stream ? settings.firstByteTimeoutMs : settings.requestTimeoutMs;
      if (nowMs - this.#startedAtMs > firstMs)
        this.#endWith(timedOut("The upstream sent no content in time."));
    } else if (this.#pausedSinceMs !== 0) {
      if (nowMs - this.#pausedSinceMs > settings.stuckClientTimeoutMs) this.cancel();
    } else {
      this.#checkSilence(nowMs - this.#lastProgressMs, reader.facts.isComplete(call.head.choices));
    }
  }

  #checkSilence(silentMs: number, isFinished: boolean): void {
    const { settings } = this.#input;
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
    if (this.#input.call.stream) this.#lastProgressMs = performance.now();
    if (reply.status < 200 || reply.status >= 300) {
      this.#phase = "error_body";
    } else {
      const refusal = judgeHead(reply, this.#input.call.stream);
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
    this.#held.push(chunk);
    this.#heldBytes += chunk.length;
    const { reader, record } = this.#input;
    if (this.#phase === "streaming" || reader.facts.error !== undefined) return;
    if (reader.facts.contentEvents > 0) {
      record.noteFirstContent();
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
    const { record, call } = this.#input;
    record.whenNoted(() =>
      this.#resolve({ status: 200, headers: this.#headers, dialect: call.dialect, body: this }),
    );
  }

  #complete(): void {
    const { reader, record, call } = this.#input;
    const wasReleased = this.#phase === "streaming";
    this.#phase = "ending";
    const finished: StreamEnd = reader.facts.finishReason ?? "stop";
    if (this.#upstream !== undefined) {
      this.#endedAtMs = performance.now();
      this.#upstream.resume();
    }
    record.finish(
      { outcome: finished, facts: reader.facts, status: this.#status, error: undefined, isFinal: true },
      () => {
        this.#close();
        const frames = reader.terminalFrames();
        if (frames !== undefined) this.#hand(frames);
        if (!wasReleased)
          this.#resolve({ status: 200, headers: this.#headers, dialect: call.dialect, body: this });
        this.#tellLater("end");
      },
    );
  }

  #endWith(error: PlatformError, outcome: StreamEnd = endOf(error)): void {
    if (this.#isClosing()) return;
    const { reader, record, outgoing } = this.#input;
    const wasReleased = this.#phase === "streaming";
    this.#phase = "ending";
    const upstream = this.#upstream;
    this.#upstream = undefined;
    upstream?.cancel();
    outgoing.cancellation.cancel(error);
    record.finish({ outcome, facts: reader.facts, status: this.#status, error, isFinal: wasReleased }, () => {
      this.#close();
      if (wasReleased) this.#tellLater(error);
      else this.#reject(error);
    });
  }

  readonly #onCancel = (reason: PlatformError): void => {
    if (this.#phase !== "ending") this.#endWith(reason);
  };

  #close(): void {
    this.#phase = "over";
    // An upstream that has said its last may still owe the end of its framing; it gets a while for it.
    if (this.#upstream === undefined) this.#input.deadlines.delete(this);
    this.#input.call.cancellation.offCancel(this.#onCancel);
  }

  /** The upstream's part is over. Returns its body, if it was still there. */
  #letGo(): ReplyBody | undefined {
    const upstream = this.#upstream;
    this.#upstream = undefined;
    if (this.#phase === "over") this.#input.deadlines.delete(this);
    return upstream;
  }

  #hand(chunk: Buffer): void {
    if (this.#sink !== undefined) this.#sink.data(chunk);
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
    this.#errorBody.push(chunk);
    this.#errorBytes += chunk.length;
    if (this.#errorBytes > errorBodyBytes) this.#endWithStatus();
  }

  #endWithStatus(): void {
    this.#phase = "waiting";
    const body = Buffer.concat(this.#errorBody);
    this.#errorBody = [];
    this.#endWith(
      toUpstreamError({ status: this.#status, headers: this.#headers, body, nowEpochMs: Date.now() }),
    );
  }
}

const noHeaders: ReplyHeaders = { get: () => undefined };

function nothing(): void {
  // Stands until `start` puts the promise's own functions here.
}

/** Refuses a 2xx whose head already shows that it is not what was asked for. */
function judgeHead(reply: Reply, isStream: boolean): PlatformError | undefined {
  const encoding = reply.headers.get("content-encoding");
  if (encoding !== undefined && encoding !== "identity") {
    return new PlatformError(
      "upstream_malformed",
      "The upstream compressed its reply though it was not asked to.",
      { isRetryable: true },
    );
  }
  const type = reply.headers.get("content-type") ?? "";
  if (type === (isStream ? "text/event-stream" : "application/json")) return undefined;
  const isWrong = /text\/html/i.test(type) || (isStream && reply.dialect === "openai" && /json/i.test(type));
  if (!isWrong) return undefined;
  return new PlatformError(
    "upstream_malformed",
    "The upstream answered in another form than the one asked for.",
    { isRetryable: true },
  );
}

function incomplete(): PlatformError {
  return new PlatformError("upstream_incomplete", "The upstream ended its reply before it was complete.", {
    isRetryable: true,
  });
}

function timedOut(message: string): PlatformError {
  return new PlatformError("upstream_timeout", message, { isRetryable: true });
}

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
