import type { Span } from "./span.ts";
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

/** Tracing while it is on. */
export interface ActiveTracing {
  readonly settings: TracingSettings;
  readonly ids: TraceIds;
  /** Takes spans that have ended. Never waits. */
  readonly take: (spans: readonly Span[]) => void;
}

/** Whether calls are traced now, and where their spans go. A call asks once, when it begins. */
export class Tracing {
  #current: ActiveTracing | undefined;
  readonly #ids = createTraceIds();
  readonly #listeners: (() => void)[] = [];

  /** Undefined while tracing is off. */
  get current(): ActiveTracing | undefined {
    return this.#current;
  }

  /** The result turns it off, unless it was turned on otherwise since. */
  turnOn(settings: TracingSettings, take: (spans: readonly Span[]) => void): () => void {
    const active: ActiveTracing = { settings, ids: this.#ids, take };
    this.#set(active);
    return () => {
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
