import { KnownSecrets } from "../../core/known-secrets.ts";
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
  /** What of the content of calls is recorded; undefined: nothing. */
  readonly content: ContentSettings | undefined;
}

/** How prompts, replies and calls of tools are recorded. */
export interface ContentSettings {
  /** As attributes of the span of the model call. */
  readonly inSpans: boolean;
  /** As an event of its own, which goes with the log. */
  readonly inEvents: boolean;
  /** Most that one attribute takes. */
  readonly maxBytes: number;
}

/** What other processes are told, as plain data. */
export interface ToldTracing {
  readonly settings: TracingSettings;
  /** What they have to hide; none where no content is recorded. */
  readonly secrets: readonly string[];
}

/** Where what was recorded goes. Nothing of it ever waits. */
export interface TraceTaker {
  /** Takes spans of this process or another. */
  take(spans: EncodedSpans): void;
  /** Takes an event: a `LogRecord` of OTLP, as field 2 of its `ScopeLogs`. */
  takeEvent(event: Uint8Array): void;
}

/** So much is handed on at once, or what there is after this time. */
const handOnBytes = pieceBytes - 16 * 1024;
const handOnAfterMs = 200;

interface TracingParts {
  readonly ids: TraceIds;
  readonly pieces: SpanPieces;
  readonly secrets: KnownSecrets;
  readonly taker: TraceTaker;
}

/** Tracing while it is on. */
export class ActiveTracing {
  readonly settings: TracingSettings;
  readonly ids: TraceIds;
  /** What is in no content that is recorded. */
  readonly secrets: KnownSecrets;
  readonly taker: TraceTaker;
  readonly #spans: SpanBuffer;
  #timer: NodeJS.Timeout | undefined;

  constructor(settings: TracingSettings, parts: TracingParts) {
    const { ids, pieces, secrets, taker } = parts;
    this.settings = settings;
    this.ids = ids;
    this.secrets = secrets;
    this.taker = taker;
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
    if (this.#spans.size > 0) this.taker.take(this.#spans.take());
  }
}

/** Whether calls are traced now, and where their spans go. A call asks once, when it begins. */
export class Tracing {
  #current: ActiveTracing | undefined;
  /** Where whoever takes spans gives their memory back to. */
  readonly pieces = new SpanPieces();
  readonly #ids = createTraceIds();
  readonly #secrets: KnownSecrets;
  readonly #listeners: (() => void)[] = [];

  /** @param secrets what is taken out of content that is recorded. Default: none is known */
  constructor(secrets = new KnownSecrets()) {
    this.#secrets = secrets;
    secrets.onLearned(() => {
      if (this.#current?.settings.content !== undefined) this.#tell();
    });
  }

  /** Undefined while tracing is off. */
  get current(): ActiveTracing | undefined {
    return this.#current;
  }

  /** What other processes are told, so that they trace as this one does; undefined while tracing is off. */
  get told(): ToldTracing | undefined {
    const settings = this.#current?.settings;
    return settings && { settings, secrets: settings.content === undefined ? [] : this.#secrets.texts };
  }

  /** The result turns it off, unless it was turned on otherwise since. */
  turnOn(settings: TracingSettings, taker: TraceTaker): () => void {
    const active = new ActiveTracing(settings, {
      ids: this.#ids,
      pieces: this.pieces,
      secrets: this.#secrets,
      taker,
    });
    this.#set(active);
    return () => {
      active.handOn();
      if (this.#current === active) this.#set(undefined);
    };
  }

  /** Calls `listener` whenever others are to be told something else. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  #set(next: ActiveTracing | undefined): void {
    this.#current = next;
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
