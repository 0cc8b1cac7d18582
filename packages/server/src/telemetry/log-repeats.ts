const windowMs = 1_000;
/** Events are a closed set but for those of integrations, which may make up any. */
const mostEvents = 1_000;

interface Window {
  readonly startedAtMs: number;
  written: number;
  held: number;
}

/** What became of a line. */
export interface RepeatVerdict {
  readonly isWritten: boolean;
  /** How many of the same event were held back before this one, and are told of with it; mostly 0. */
  readonly heldBefore: number;
}

/** Bounds how often the same event is written, and counts what is held back. Time is an argument. */
export class LogRepeats {
  readonly #mostPerSecond: number;
  readonly #windows = new Map<string, Window>();

  /** @param mostPerSecond lines of one event; 0 for no bound */
  constructor(mostPerSecond: number) {
    this.#mostPerSecond = mostPerSecond;
  }

  judge(event: string, nowMs: number): RepeatVerdict {
    if (this.#mostPerSecond === 0) return { isWritten: true, heldBefore: 0 };
    const window = this.#windows.get(event);
    if (window === undefined || nowMs - window.startedAtMs >= windowMs) {
      if (this.#windows.size >= mostEvents) this.#windows.clear();
      this.#windows.set(event, { startedAtMs: nowMs, written: 1, held: 0 });
      return { isWritten: true, heldBefore: window?.held ?? 0 };
    }
    if (window.written < this.#mostPerSecond) {
      window.written++;
      return { isWritten: true, heldBefore: 0 };
    }
    window.held++;
    return { isWritten: false, heldBefore: 0 };
  }

  /** Events of which lines were held back and no later one has told, with how many; they begin anew. */
  takeHeld(nowMs: number): readonly { readonly event: string; readonly count: number }[] {
    const over = [...this.#windows].filter(([, { startedAtMs }]) => nowMs - startedAtMs >= windowMs);
    for (const [event] of over) this.#windows.delete(event);
    return over.flatMap(([event, { held }]) => (held === 0 ? [] : [{ event, count: held }]));
  }
}
