import { type PlatformError, toPlatformError } from "@llm-platform/kit";
import type { TelemetryReceipt } from "./sender.ts";

export interface ExportQueueParts<Item> {
  /** Most that waits, by `sizeOf`; what comes then is dropped. */
  readonly capacity: number;
  /** Most of one request, by `sizeOf`; an item that is larger goes alone. */
  readonly batchSize: number;
  /** What an item takes of the room. */
  sizeOf(item: Item): number;
  /** How many spans or lines an item is. */
  countOf(item: Item): number;
  /** Told of every item that the queue needs no more: it was sent or dropped. */
  onGone?(item: Item): void;
  /** Between two exports, unless a whole batch waits. */
  readonly intervalMs: number;
  /** Rejects with PlatformError. */
  send(items: readonly Item[]): Promise<TelemetryReceipt>;
  onDropped(count: number): void;
  /** @param count of spans or lines that were kept */
  onSent(count: number): void;
  /** Told of every request of which something was not kept, or about which the collector had something to say. */
  onPartial(receipt: TelemetryReceipt): void;
  /** Told of every failure. */
  onFailure(error: PlatformError): void;
}

const firstPauseMs = 1_000;
const longestPauseMs = 30_000;
/** What a collector asks for is done up to this. */
const longestWishMs = 300_000;

/** Items on their way to a collector. Whoever adds one never waits, and a collector that is down costs memory up to a bound. */
export class ExportQueue<Item> {
  readonly #parts: ExportQueueParts<Item>;
  #items: Item[] = [];
  #size = 0;
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;
  #pauseMs = 0;
  #isClosed = false;

  constructor(parts: ExportQueueParts<Item>) {
    this.#parts = parts;
  }

  add(item: Item): void {
    const { capacity, batchSize, intervalMs } = this.#parts;
    const size = this.#parts.sizeOf(item);
    if (this.#isClosed || this.#size + size > capacity) {
      this.#parts.onDropped(this.#parts.countOf(item));
      this.#parts.onGone?.(item);
      return;
    }
    this.#items.push(item);
    this.#size += size;
    if (this.#size >= batchSize && this.#pauseMs === 0) this.#sendSoon(0);
    else this.#sendSoon(this.#pauseMs || intervalMs);
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
    this.#drop(this.#items.length);
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
          this.#sendSoon(this.#pauseMs || (this.#size >= this.#parts.batchSize ? 0 : this.#parts.intervalMs));
      });
    }, delayMs);
    this.#timer.unref();
  }

  async #sendBatch(): Promise<void> {
    const batch = this.#nextBatch();
    try {
      const receipt = await this.#parts.send(batch);
      this.#pauseMs = 0;
      const count = this.#shift(batch.length);
      const rejected = Math.min(count, receipt.rejected);
      this.#parts.onSent(count - rejected);
      if (rejected > 0 || receipt.message !== "") this.#parts.onPartial({ ...receipt, rejected });
    } catch (thrown) {
      const error = toPlatformError(thrown);
      if (!error.isRetryable) this.#drop(batch.length);
      const doubledMs = Math.min(longestPauseMs, Math.max(firstPauseMs, this.#pauseMs * 2));
      // A collector that knows when it has room again is not asked before, unless that would be for good.
      this.#pauseMs = Math.min(longestWishMs, Math.max(firstPauseMs, error.retryAfterMs ?? doubledMs));
      this.#parts.onFailure(error);
    }
  }

  #nextBatch(): readonly Item[] {
    const { batchSize, sizeOf } = this.#parts;
    let size = 0;
    const end = this.#items.findIndex((item, index) => (size += sizeOf(item)) > batchSize && index > 0);
    return end < 0 ? [...this.#items] : this.#items.slice(0, end);
  }

  #drop(length: number): void {
    if (length > 0) this.#parts.onDropped(this.#shift(length));
  }

  /** Takes the first items away. Returns how many spans or lines they were. */
  #shift(length: number): number {
    const gone = this.#items.splice(0, length);
    let count = 0;
    for (const item of gone) {
      this.#size -= this.#parts.sizeOf(item);
      count += this.#parts.countOf(item);
      this.#parts.onGone?.(item);
    }
    return count;
  }
}
