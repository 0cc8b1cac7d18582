import type { Page } from "playwright-core";
import type { Platform } from "./platform.ts";
import { fitSlope, type Reading, type Slope } from "./slope.ts";

const minuteMs = 60_000;
const readingsPerMinute = 2;

export interface Growth extends Slope {
  /** What the page is called. */
  readonly name: string;
  /** Of the heap at the end, after a collection. */
  readonly lastBytes: number;
}

/**
 * How fast the heaps of open pages grow while calls come. Of the readings, each after a collection, the first half is let
 * go: until its caches are full a page grows, as it should.
 */
export async function measureGrowth(
  platform: Platform,
  pages: ReadonlyMap<string, Page>,
  minutes: number,
): Promise<{ readonly grown: readonly Growth[]; readonly calls: number }> {
  const readings = new Map<string, Reading[]>();
  const startMs = performance.now();
  let calls = 0;
  for (let slice = 0; slice < minutes * readingsPerMinute; slice++) {
    calls += await platform.callFor(minuteMs / readingsPerMinute);
    for (const [name, page] of pages) {
      const hours = (performance.now() - startMs) / 3_600_000;
      readings.set(name, [...(readings.get(name) ?? []), { hours, bytes: await readHeap(page) }]);
    }
  }
  return { grown: [...readings].map(([name, all]) => toGrowth(name, all)), calls };
}

async function readHeap(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  await session.detach();
  return usedSize;
}

function toGrowth(name: string, readings: readonly Reading[]): Growth {
  const later = readings.slice(Math.floor(readings.length / 2));
  return { ...fitSlope(later), name, lastBytes: later.at(-1)?.bytes ?? Number.NaN };
}
