import type { MetricRegistry } from "../../telemetry/registry.ts";
import type { FeedItem } from "../feed.ts";

export interface MetricSamplerParts {
  readonly registry: MetricRegistry;
  /** Takes in what other processes of this replica count. Resolves soon. */
  askOthers(): Promise<unknown>;
  /** Wall time. */
  readonly nowMs: () => number;
}

/** Who asks within this time shares a reading. */
const sharedMs = 500;
const mostSelections = 100;

/** Reads metrics for all who follow them: who wants the same series at the same time gets the same item. */
export class MetricSampler {
  readonly #parts: MetricSamplerParts;
  readonly #items = new Map<string, FeedItem>();
  #readAtMs = Number.NEGATIVE_INFINITY;
  #asking: Promise<unknown> = Promise.resolve();

  constructor(parts: MetricSamplerParts) {
    this.#parts = parts;
  }

  /** @param names of metrics; undefined for all */
  async sample(names: readonly string[] | undefined): Promise<FeedItem> {
    const { registry, nowMs, askOthers } = this.#parts;
    if (nowMs() - this.#readAtMs > sharedMs) {
      this.#readAtMs = nowMs();
      this.#items.clear();
      this.#asking = askOthers();
    }
    await this.#asking;
    const key = names === undefined ? "" : names.toSorted().join();
    const known = this.#items.get(key);
    if (known !== undefined) return known;
    const time = new Date(this.#readAtMs).toISOString();
    const series = registry.read(names).map(({ name, labels, value }) => ({ name, labels, value }));
    const item = { type: "sample", data: { time, series } };
    if (this.#items.size < mostSelections) this.#items.set(key, item);
    return item;
  }
}
