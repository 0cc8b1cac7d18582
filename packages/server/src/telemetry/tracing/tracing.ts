import type { EncodedSpans } from "./span.ts";
import { SpanBuffer } from "./span-buffer.ts";
import { pieceBytes, SpanPieces } from "./span-pieces.ts";
import { createTraceIds, type TraceIds } from "./trace-ids.ts";

/** How calls are traced, as plain data. */
export interface TracingSettings {
  /** Part of the traces begun here that is kept, from 0 to 1. */
  readonly ratio: number;
  /** Whether the caller's own decision about its trace goes before the ratio. */
  readonly isParentBased: boolean;
  /** A call that takes longer is kept whatever was decided. */
  readonly slowMs: number;
  /** Names of attributes: those that most tools know, or the newest of the GenAI conventions. */
  readonly conventions: "default" | "latest";
}

/** So much is handed on at once, or what there is after this time. */
const handOnBytes = pieceBytes - 16 * 1024;
const handOnAfterMs = 200;

interface TracingParts {
  readonly ids: TraceIds;
  readonly pieces: SpanPieces;
  take(spans: EncodedSpans): void;
}

/** Tracing while it is on. */
export class ActiveTracing {
  readonly settings: TracingSettings;
  readonly ids: TraceIds;
  /** Takes spans of other processes. Never waits. */
  readonly take: (spans: EncodedSpans) => void;
  readonly #spans: SpanBuffer;
  #timer: NodeJS.Timeout | undefined;

  constructor(settings: TracingSettings, parts: TracingParts) {
    const { ids, pieces, take } = parts;
    this.settings = settings;
    this.ids = ids;
    this.take = take;
    this.#spans = new SpanBuffer(pieces);
  }

  /** Has spans that have ended written. Never waits. */
  write(write: (spans: SpanBuffer) => void): void {
    write(this.#spans);
    if (this.#spans.size >= handOnBytes) this.handOn();
    else this.#timer ??= setTimeout(() => this.handOn(), handOnAfterMs).unref();
  }

  /** Hands on what was written so far. */
  handOn(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#spans.size > 0) this.take(this.#spans.take());
  }
}

/** Whether calls are traced now, and where their spans go. A call asks once, when it begins. */
export class Tracing {
  #current: ActiveTracing | undefined;
  /** Where whoever takes spans gives their memory back to. */
  readonly pieces = new SpanPieces();
  readonly #ids = createTraceIds();
  readonly #listeners: (() => void)[] = [];

  /** Undefined while tracing is off. */
  get current(): ActiveTracing | undefined {
    return this.#current;
  }

  /** The result turns it off, unless it was turned on otherwise since. */
  turnOn(settings: TracingSettings, take: (spans: EncodedSpans) => void): () => void {
    const active = new ActiveTracing(settings, { ids: this.#ids, pieces: this.pieces, take });
    this.#set(active);
    return () => {
      active.handOn();
      if (this.#current === active) this.#set(undefined);
    };
  }

  /** Calls `listener` whenever tracing was turned on or off. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  #set(next: ActiveTracing | undefined): void {
    this.#current = next;
    for (const listener of this.#listeners) listener();
  }
}
