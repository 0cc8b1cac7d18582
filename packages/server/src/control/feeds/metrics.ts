import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { defineFeed, type Feed, type FeedItem } from "../feed.ts";
import type { MetricSampler } from "./metric-sampler.ts";

const input = z.strictObject({
  interval_seconds: z.coerce.number().int().min(1).max(60).default(5),
  series: z
    .union([z.string().transform((text) => text.split(",")), z.array(z.string())])
    .pipe(z.array(z.string().min(1).max(128)).min(1).max(100))
    .optional()
    .describe("Names of metrics, as a list or with commas between. Default: all of the platform."),
});

const item = z.object({
  time: z.string(),
  series: z
    .array(z.object({ name: z.string(), labels: z.record(z.string(), z.string()), value: z.number() }))
    .readonly(),
});

/** Metrics, again and again. */
export function createMetricsFeed(sampler: MetricSampler): Feed {
  return defineFeed({
    name: "metrics",
    summary:
      "A `sample` of metrics of this replica every few seconds. A slow reader misses samples; each is whole.",
    permission: "metrics.read",
    input,
    item,
    follow: (checked, signal) => followMetrics(checked, signal, sampler),
  });
}

async function* followMetrics(
  { interval_seconds, series }: z.output<typeof input>,
  signal: AbortSignal,
  sampler: MetricSampler,
): AsyncGenerator<FeedItem, void> {
  const intervalMs = interval_seconds * 1_000;
  while (!signal.aborted) {
    yield await sampler.sample(series);
    // All who follow are told at the same time, so that one reading is enough for them.
    const waitMs = intervalMs - (Date.now() % intervalMs);
    await sleep(waitMs, undefined, { signal }).catch(() => undefined);
  }
}
