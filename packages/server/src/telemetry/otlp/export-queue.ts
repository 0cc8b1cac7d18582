import { type PlatformError, toPlatformError } from "@llm-platform/kit";

export interface ExportQueueParts<Item> {
  /** Most items that wait; what comes then is dropped. */
  readonly capacity: number;
  /** Most items of one request. */
  readonly batchSize: number;
  /** Between two exports, unless a whole batch waits. */
  readonly intervalMs: number;
  /** Rejects with PlatformError. */
  send(items: readonly Item[]): Promise<void>;
  onDropped(count: number): void;
  onSent(count: number): void;
  /** Told of every failure. */
  onFailure(error: PlatformError): void;
}

const firstPauseMs = 1_000;
const longestPauseMs = 30_000;

/** Items on their way to a collector. Whoever adds one never waits, and a collector that is down costs memory up to a bound. */
export class ExportQueue<Item> {
  readonly #parts: ExportQueueParts<Item>;
  #items: Item[] = [];
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;
  #pauseMs = 0;
  #isClosed = false;

  constructor(parts: ExportQueueParts<Item>) {
    this.#parts = parts;
  }

  add(items: readonly Item[]): void {
    const { capacity, batchSize } = this.#parts;
    const room = this.#isClosed ? 0 : capacity - this.#items.length;
    const taken = items.length <= room ? items : items.slice(0, Math.max(0, room));
    if (taken.length < items.length) this.#parts.onDropped(items.length - taken.length);
    this.#items.push(...taken);
    if (this.#items.length >= batchSize && this.#pauseMs === 0) this.#sendSoon(0);
    else this.#sendSoon(this.#pauseMs || this.#parts.intervalMs);
  }

  /** Sends what waits, once, and takes nothing more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#sending;
    while (this.#items.length > 0) {
      const before = this.#items.length;
      await this.#sendBatch();
      if (this.#items.length === before) break;
    }
    if (this.#items.length > 0) this.#parts.onDropped(this.#items.length);
    this.#items = [];
  }

  #sendSoon(delayMs: number): void {
    if (this.#isClosed || this.#sending !== undefined) return;
    if (this.#timer !== undefined) {
      if (delayMs > 0) return;
      clearTimeout(this.#timer);
    }
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#sending = this.#sendBatch().finally(() => {
        this.#sending = undefined;
        if (this.#items.length > 0)
          this.#sendSoon(
            this.#pauseMs || (this.#items.length >= this.#parts.batchSize ? 0 : this.#parts.intervalMs),
          );
      });
    }, delayMs);
    this.#timer.unref();
  }

  async #sendBatch(): Promise<void> {
    const batch = this.#items.slice(0, this.#parts.batchSize);
    try {
      await this.#parts.send(batch);
      this.#items.splice(0, batch.length);
      this.#pauseMs = 0;
      this.#parts.onSent(batch.length);
    } catch (thrown) {
      const error = toPlatformError(thrown);
      if (!error.isRetryable) {
        this.#items.splice(0, batch.length);
        this.#parts.onDropped(batch.length);
      }
      this.#pauseMs = Math.min(longestPauseMs, Math.max(firstPauseMs, this.#pauseMs * 2));
      this.#parts.onFailure(error);
    }
  }
}
