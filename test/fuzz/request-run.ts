import { createRandom } from "../random.ts";
import type { FuzzOptions, FuzzReport } from "./fuzz-run.ts";
import { compareLanes, type LanePair } from "./request-compare.ts";
import { createRequestLane } from "./request-lane.ts";
import { type ClientStream, createClientStream } from "./request-stream.ts";

/** Streams under way at once; each pair of lanes has one, which is how a request is known to be of that stream. */
const pairs = 16;
/** Seeds of neighbouring runs have no stream in common. */
const streamsPerSeed = 100_000_003;

/** Sends made-up streams to both lanes until the time is over, or a difference was found. */
export async function fuzzRequests({ seconds, seed, onProgress }: FuzzOptions): Promise<FuzzReport> {
  const lanes = await Promise.all(Array.from({ length: pairs }, createPair));
  const startedAtMs = performance.now();
  const untilMs = startedAtMs + seconds * 1_000;
  const findings: string[] = [];
  let inputs = 0;
  const runPair = async (pair: LanePair): Promise<void> => {
    while (performance.now() < untilMs && findings.length === 0) {
      const streamSeed = (seed * streamsPerSeed + inputs) >>> 0;
      inputs++;
      const stream = createClientStream(createRandom(streamSeed));
      const difference = await compareLanes(pair, stream);
      if (difference !== undefined) findings.push(tell({ streamSeed, stream, difference }));
      if (inputs % 10_000 === 0) onProgress?.(inputs);
    }
  };
  await Promise.all(lanes.map(runPair));
  const ranForSeconds = (performance.now() - startedAtMs) / 1_000;
  const fastRequests = lanes.reduce((sum, { fast }) => sum + fast.fastRequests, 0);
  await Promise.all(lanes.flatMap(({ fast, node }) => [fast.stop(), node.stop()]));
  return { inputs, seconds: ranForSeconds, findings, counts: { fastRequests } };
}

async function createPair(): Promise<LanePair> {
  const [fast, node] = await Promise.all([createRequestLane(true), createRequestLane(false)]);
  return { fast, node };
}

function tell(found: {
  readonly streamSeed: number;
  readonly stream: ClientStream;
  readonly difference: Readonly<Record<string, unknown>>;
}): string {
  const segments = found.stream.segments.map((segment) => segment.toString("latin1"));
  return JSON.stringify({ ...found, stream: { segments, waits: found.stream.waits } });
}
