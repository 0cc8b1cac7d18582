import type { Budget } from "./budget.ts";
import { addedRounds, type Figure, type FigurePlace, median, metricRounds } from "./figures.ts";
import type { ContestantName } from "./scenarios.ts";

/** A number that a budget can bound: its median, and each round's, since the machine's speed changes between rounds. */
export interface Ratio {
  readonly value: number;
  readonly rounds: readonly number[];
}

export type Ratios = Readonly<Record<string, Ratio>>;

/** Where this server should come. A limit in the budget binds; a target is only told beside what was measured. */
export const targets: Budget = new Map([
  ["requests_per_second_vs_nginx_1kb", { at_least: 0.8 }],
  ["added_p50_vs_nginx_at_2000", { at_most: 1.1 }],
  ["added_p99_micros_at_2000", { at_most: 300 }],
  ["start_to_ready_ms", { at_most: 700 }],
]);

interface Term extends FigurePlace {
  /** Less what the same load takes without a gateway, in the same round. */
  readonly isAdded?: true;
}

interface RatioDefinition {
  readonly name: string;
  readonly of: Term;
  /** What it is divided by, round by round. Absent: an absolute number. */
  readonly over?: Term;
}

const ours = "llm-platform";
const sizes = [
  { scenario: "json-1k", suffix: "1kb" },
  { scenario: "json-10k", suffix: "10kb" },
  { scenario: "json-100k", suffix: "100kb" },
];
const cpu = "cpuMicrosPerRequest";
const eventCpu = "cpuMicrosPerEvent";

/** One ratio for each size of request. */
function ofSizes(
  name: string,
  {
    of,
    over,
    metric = cpu,
  }: { readonly of: ContestantName; readonly over: ContestantName; readonly metric?: string },
): readonly RatioDefinition[] {
  return sizes.map(({ scenario, suffix }) => ({
    name: `${name}_${suffix}`,
    of: { scenario, contestant: of, metric },
    over: { scenario, contestant: over, metric },
  }));
}

/** CPU per event of streams, of one contestant over another's. */
function ofEvents(
  name: string,
  scenario: string,
  { of, over }: { readonly of: ContestantName; readonly over: ContestantName },
): RatioDefinition {
  return {
    name,
    of: { scenario, contestant: of, metric: eventCpu },
    over: { scenario, contestant: over, metric: eventCpu },
  };
}

const definitions: readonly RatioDefinition[] = [
  ...ofSizes("cpu_per_request_vs_nginx", { of: ours, over: "nginx" }),
  ...ofSizes("requests_per_second_vs_nginx", { of: ours, over: "nginx", metric: "requestsPerSecond" }),
  ...ofSizes("go_vs_ours_cpu", { of: "go", over: ours }),
  ...ofSizes("portkey_vs_ours_cpu", { of: "portkey", over: ours }),
  {
    name: "litellm_vs_ours_cpu_1kb",
    of: { scenario: "json-1k", contestant: "litellm", metric: cpu },
    over: { scenario: "json-1k", contestant: ours, metric: cpu },
  },
  ...ofSizes("haproxy_vs_nginx_cpu", { of: "haproxy", over: "nginx" }),
  ofEvents("sse_cpu_per_event_vs_nginx", "sse-paced", { of: ours, over: "nginx" }),
  ofEvents("sse_burst_cpu_per_event_vs_nginx", "sse-burst", { of: ours, over: "nginx" }),
  ofEvents("go_vs_ours_sse_cpu_per_event", "sse-paced", { of: "go", over: ours }),
  ofEvents("portkey_vs_ours_sse_cpu_per_event", "sse-paced", { of: "portkey", over: ours }),
  ofEvents("haproxy_vs_nginx_sse_cpu_per_event", "sse-paced", { of: "haproxy", over: "nginx" }),
  {
    name: "added_p50_vs_nginx_at_2000",
    of: { scenario: "latency-2000", contestant: ours, metric: "p50Micros", isAdded: true },
    over: { scenario: "latency-2000", contestant: "nginx", metric: "p50Micros", isAdded: true },
  },
  {
    name: "added_p99_micros_at_2000",
    of: { scenario: "latency-2000", contestant: ours, metric: "p99Micros", isAdded: true },
  },
  {
    name: "start_to_ready_ms",
    of: { scenario: "start", contestant: ours, metric: "startToReadyMs" },
  },
  {
    name: "idle_stream_bytes_1000",
    of: { scenario: "idle-1000", contestant: ours, metric: "bytesPerStream" },
  },
  {
    name: "idle_stream_bytes_5000",
    of: { scenario: "idle-5000", contestant: ours, metric: "bytesPerStream" },
  },
];

/** Every ratio whose figures were measured. */
export function computeRatios(figures: readonly Figure[]): Ratios {
  const ratios: Record<string, Ratio> = {};
  for (const { name, of, over } of definitions) {
    const own = termRounds(figures, of);
    const rounds = over === undefined ? own : divideRounds(own, termRounds(figures, over));
    const known = rounds.filter((value) => value !== undefined);
    const value = median(known);
    if (value !== undefined) ratios[name] = { value, rounds: known };
  }
  return ratios;
}

function termRounds(
  figures: readonly Figure[],
  { isAdded, ...place }: Term,
): readonly (number | undefined)[] {
  return isAdded === true ? addedRounds(figures, place) : metricRounds(figures, place);
}

/**
 * Only rounds that both have: a ratio across rounds would compare two speeds of the machine. What is divided by must be
 * more than nothing, as an added time is not in a round in which the direct way met a disturbance.
 */
function divideRounds(
  numerators: readonly (number | undefined)[],
  denominators: readonly (number | undefined)[],
): readonly (number | undefined)[] {
  return numerators.map((numerator, round) => {
    const denominator = denominators[round];
    return numerator === undefined || denominator === undefined || denominator <= 0
      ? undefined
      : numerator / denominator;
  });
}
