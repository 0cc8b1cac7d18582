import { setTimeout as sleep } from "node:timers/promises";
import { createRandom } from "../random.ts";
import { liveBytes, type Measure, startMeasuredServer } from "./measured-server.ts";
import { type Slope, slopeOf } from "./slope.ts";
import { startSoakLoad } from "./soak-load.ts";
import { startSoakUpstreams } from "./soak-upstreams.ts";

export type SoakOptions = {
  readonly hours: number;
  /** What is measured before that is not counted: code is compiled, caches and pools are filled by then. */
  readonly warmUpHours: number;
  readonly perSecond: number;
  readonly sampleSeconds: number;
  readonly seed: number;
  readonly onSample?: (sample: Sample) => void;
};

/** What the server held at a moment at which it carried no call. */
export type Sample = Measure & {
  readonly hours: number;
  readonly calls: number;
  /** Connections to upstreams, all of them waiting for the next call. */
  readonly upstreamConnections: number;
};

export type SoakReport = {
  readonly samples: readonly Sample[];
  /** Of the heap and the buffers beside it, in megabytes. */
  readonly live: Slope;
  /** In megabytes. */
  readonly rss: Slope;
  readonly descriptors: Slope;
  readonly ends: Readonly<Record<string, number>>;
  readonly exitCode: number | null;
};

const bytesPerMegabyte = 1_000_000;
const msPerHour = 3_600_000;

/** Puts the server under a mixed load, and measures it again and again at rest. Rejects when a call does not end. */
export async function runSoak(options: SoakOptions): Promise<SoakReport> {
  const upstreams = await startSoakUpstreams();
  const server = await startMeasuredServer({
    integrations: upstreams.integrations,
    gateway: { breaker: { open_seconds: 1, max_open_seconds: 1 } },
  });
  const load = startSoakLoad({
    port: server.port,
    perSecond: options.perSecond,
    random: createRandom(options.seed),
  });
  const samples: Sample[] = [];
  try {
    const startedAtMs = performance.now();
    const passedHours = (): number => (performance.now() - startedAtMs) / msPerHour;
    while (passedHours() < options.hours) {
      await sleep(options.sampleSeconds * 1_000);
      await load.rest();
      const measure = await server.measure();
      const upstreamConnections = upstreams.openConnections;
      const calls = [...load.ends.values()].reduce((sum, count) => sum + count, 0);
      const descriptors = measure.descriptors - upstreamConnections;
      const sample = { ...measure, descriptors, hours: passedHours(), calls, upstreamConnections };
      samples.push(sample);
      options.onSample?.(sample);
      load.resume();
    }
    await load.stop();
  } catch (error) {
    await server.stop();
    throw error;
  } finally {
    await upstreams.stop();
  }
  const counted = samples.filter(({ hours }) => hours >= options.warmUpHours);
  const grow = (valueOf: (sample: Sample) => number): Slope =>
    slopeOf(counted.map((sample) => ({ hours: sample.hours, value: valueOf(sample) })));
  return {
    samples,
    live: grow((sample) => liveBytes(sample) / bytesPerMegabyte),
    rss: grow(({ rssBytes }) => rssBytes / bytesPerMegabyte),
    descriptors: grow(({ descriptors }) => descriptors),
    ends: Object.fromEntries([...load.ends].sort(([a], [b]) => a.localeCompare(b))),
    exitCode: await server.stop(),
  };
}
