import {
  type ByteSink,
  type ModelEvent,
  type PlatformError,
  type ReplyBody,
  type ReplyDecoder,
  toPlatformError,
} from "@llm-platform/kit";

export interface EventFlowParts {
  readonly decoder: ReplyDecoder;
  readonly body: ReplyBody;
  /** Ends the call: nobody wants the rest. */
  giveUp(): void;
  /** The reply has come to its end, whichever. */
  onOver(): void;
}

/** So many events may wait to be fetched before the upstream is held back. */
const mostWaiting = 64;

/** The bytes of a reply as events, fetched one by one, once. */
export class EventFlow implements AsyncIterable<ModelEvent>, AsyncIterator<ModelEvent>, ByteSink {
  readonly #parts: EventFlowParts;
  #waiting: ModelEvent[] = [];
  #at = 0;
  #isPaused = false;
  #end: "open" | "ended" | PlatformError = "open";
  #wake: (() => void) | undefined;

  constructor(parts: EventFlowParts) {
    this.#parts = parts;
    parts.body.read(this);
  }

  [Symbol.asyncIterator](): AsyncIterator<ModelEvent> {
    return this;
  }

  async next(): Promise<IteratorResult<ModelEvent>> {
    for (;;) {
      const event = this.#waiting[this.#at];
      if (event !== undefined) {
        this.#at++;
        if (this.#at === this.#waiting.length) this.#refill();
        return { done: false, value: event };
      }
      if (this.#end === "ended") return { done: true, value: undefined };
      if (this.#end !== "open") {
        const error = this.#end;
        this.#end = "ended";
        throw error;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Whoever fetches has left the loop. */
  async return(): Promise<IteratorResult<ModelEvent>> {
    this.#waiting = [];
    this.#at = 0;
    const wasOpen = this.#end === "open";
    this.#end = "ended";
    if (wasOpen) {
      this.#parts.giveUp();
      this.#parts.onOver();
    }
    return { done: true, value: undefined };
  }

  data(chunk: Uint8Array): void {
    if (this.#end !== "open") return;
    try {
      this.#add(this.#parts.decoder.push(chunk));
    } catch (error) {
      this.#finish(toPlatformError(error));
      this.#parts.giveUp();
      return;
    }
    if (this.#waiting.length - this.#at <= mostWaiting) return;
    this.#isPaused = true;
    this.#parts.body.pause();
  }

  end(): void {
    if (this.#end !== "open") return;
    try {
      this.#add(this.#parts.decoder.end());
      this.#finish("ended");
    } catch (error) {
      this.#finish(toPlatformError(error));
    }
  }

  fail(error: PlatformError): void {
    if (this.#end === "open") this.#finish(error);
  }

  #add(events: readonly ModelEvent[]): void {
    if (events.length === 0) return;
    this.#waiting.push(...events);
    this.#awaken();
  }

  #finish(end: "ended" | PlatformError): void {
    this.#end = end;
    this.#parts.onOver();
    this.#awaken();
  }

  #awaken(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  #refill(): void {
    this.#waiting = [];
    this.#at = 0;
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#parts.body.resume();
  }
}
