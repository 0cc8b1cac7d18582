import { setTimeout as sleep } from "node:timers/promises";
import { openAiIntegration } from "../e2e/start-platform.ts";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { createRandom, type Random } from "../random.ts";
import { leaveStream, type Moment } from "./leaving-client.ts";
import { type Measure, type MeasuredServer, startMeasuredServer } from "./measured-server.ts";

/** A series of streams that their clients abandon. */
export type AbandonOptions = {
  readonly streams: number;
  /** Before these, as many that are not counted: code is compiled and pools are filled by then. */
  readonly warmUpStreams: number;
  readonly seed: number;
  /** Streams at once. */
  readonly callers: number;
  /** How long the connections that the server keeps for its next calls may still be open afterwards. */
  readonly patienceMs: number;
  readonly onProgress?: (done: number) => void;
};

/** What a series came to. */
export type AbandonReport = {
  readonly leftAt: Readonly<Partial<Record<Moment, number>>>;
  readonly seconds: number;
  /** Connections to the upstream while the load was on, at most. */
  readonly mostUpstreamConnections: number;
  /** Connections to the upstream that still carried a reply, when all clients were gone. */
  readonly busyUpstreamConnections: number;
  /** Connections to the upstream at the end, those that wait for another call included. */
  readonly upstreamConnections: number;
  readonly callsInFlight: number;
  readonly before: Measure;
  readonly after: Measure;
};

const kept = { integration: "fake", model: "tiny-chat" };
const settleLimitMs = 10_000;
const lookEveryMs = 50;

/** Lets clients come and leave until so many streams were abandoned, and compares what the server holds. */
export async function runAbandoned(options: AbandonOptions): Promise<AbandonReport> {
  const random = createRandom(options.seed);
  const upstream = await createFakeUpstream({
    dialect: "openai",
    models: [kept.model],
    firstTokenDelayMs: 2,
    tokenDelayMs: 1,
    chunks: 12,
    keepRequests: 10 * options.callers,
  });
  const server = await startMeasuredServer({
    integrations: [openAiIntegration(kept.integration, upstream.origin)],
  });
  try {
    const place = { port: server.port, random, callers: options.callers };
    await abandon(options.warmUpStreams, place);
    const before = await measureAtRest(server, upstream);
    const startedAtMs = performance.now();
    const peak = watchPeak(upstream);
    const leftAt = await abandon(options.streams, { ...place, onProgress: options.onProgress });
    const seconds = (performance.now() - startedAtMs) / 1_000;
    const mostUpstreamConnections = peak.stop();
    const after = await measureAtRest(server, upstream);
    const busyUpstreamConnections = countBusy(upstream);
    await until(() => upstream.openConnections === 0, options.patienceMs);
    return {
      leftAt,
      seconds,
      mostUpstreamConnections,
      busyUpstreamConnections,
      upstreamConnections: upstream.openConnections,
      callsInFlight: await server.metric("llm_requests_in_flight"),
      before,
      after,
    };
  } finally {
    await server.stop();
    await upstream.stop();
  }
}

type Crowd = {
  readonly port: number;
  readonly random: Random;
  readonly callers: number;
  readonly onProgress?: AbandonOptions["onProgress"];
};

async function abandon(
  streams: number,
  { port, random, callers, onProgress }: Crowd,
): Promise<AbandonReport["leftAt"]> {
  const leftAt: Partial<Record<Moment, number>> = {};
  let begun = 0;
  let done = 0;
  const runCaller = async (): Promise<void> => {
    while (begun++ < streams) {
      const moment = await leaveStream({ port, model: `${kept.integration}/${kept.model}`, random });
      leftAt[moment] = (leftAt[moment] ?? 0) + 1;
      done += 1;
      onProgress?.(done);
    }
  };
  await Promise.all(Array.from({ length: callers }, runCaller));
  return leftAt;
}

/** The descriptors of connections to the upstream are left out: how many wait for the next call is the pool's to say. */
async function measureAtRest(server: MeasuredServer, upstream: FakeUpstream): Promise<Measure> {
  await until(() => countBusy(upstream) === 0, settleLimitMs);
  const measure = await server.measure();
  return { ...measure, descriptors: measure.descriptors - upstream.openConnections };
}

function countBusy(upstream: FakeUpstream): number {
  return upstream.requests.filter(({ closedAtMs }) => closedAtMs === undefined).length;
}

function watchPeak(upstream: FakeUpstream): { stop(): number } {
  let most = 0;
  const timer = setInterval(() => {
    most = Math.max(most, upstream.openConnections);
  }, lookEveryMs);
  return {
    stop: () => {
      clearInterval(timer);
      return most;
    },
  };
}

/** Waits for something that comes by itself, and no longer than so long. */
async function until(isReached: () => boolean, limitMs: number): Promise<void> {
  for (const endMs = performance.now() + limitMs; !isReached() && performance.now() < endMs; )
    await sleep(lookEveryMs);
}
