import { type Figure, type FigurePlace, median, metricRounds } from "./figures.ts";

/** A number that a budget can bound: its median, and each round's, since the machine's speed changes between rounds. */
export interface Ratio {
  readonly value: number;
  readonly rounds: readonly number[];
}

export type Ratios = Readonly<Record<string, Ratio>>;

interface RatioDefinition {
  readonly name: string;
  readonly of: FigurePlace;
  /** What it is divided by, round by round. Absent: an absolute number. */
  readonly over?: FigurePlace;
}

const ours = "llm-platform";
const sizes = [
  { scenario: "json-1k", suffix: "1kb" },
  { scenario: "json-10k", suffix: "10kb" },
  { scenario: "json-100k", suffix: "100kb" },
];
const cpu = "cpuMicrosPerRequest";
const eventCpu = "cpuMicrosPerEvent";

const definitions: readonly RatioDefinition[] = [
  ...sizes.map(({ scenario, suffix }) => ({
    name: `cpu_per_request_vs_nginx_${suffix}`,
    of: { scenario, contestant: ours, metric: cpu } as const,
    over: { scenario, contestant: "nginx", metric: cpu } as const,
  })),
  ...sizes.map(({ scenario, suffix }) => ({
    name: `portkey_vs_ours_cpu_${suffix}`,
    of: { scenario, contestant: "portkey", metric: cpu } as const,
    over: { scenario, contestant: ours, metric: cpu } as const,
  })),
  ...sizes.map(({ scenario, suffix }) => ({
    name: `requests_per_second_vs_nginx_${suffix}`,
    of: { scenario, contestant: ours, metric: "requestsPerSecond" } as const,
    over: { scenario, contestant: "nginx", metric: "requestsPerSecond" } as const,
  })),
  {
    name: "sse_cpu_per_event_vs_nginx",
    of: { scenario: "sse-paced", contestant: ours, metric: eventCpu },
    over: { scenario: "sse-paced", contestant: "nginx", metric: eventCpu },
  },
  {
    name: "sse_burst_cpu_per_event_vs_nginx",
    of: { scenario: "sse-burst", contestant: ours, metric: eventCpu },
    over: { scenario: "sse-burst", contestant: "nginx", metric: eventCpu },
  },
  {
    name: "portkey_vs_ours_sse_cpu_per_event",
    of: { scenario: "sse-paced", contestant: "portkey", metric: eventCpu },
    over: { scenario: "sse-paced", contestant: ours, metric: eventCpu },
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
    const rounds =
      over === undefined
        ? metricRounds(figures, of)
        : divideRounds(metricRounds(figures, of), metricRounds(figures, over));
    const known = rounds.filter((value) => value !== undefined);
    const value = median(known);
    if (value !== undefined) ratios[name] = { value, rounds: known };
  }
  return ratios;
}

/** Only rounds that both have: a ratio across rounds would compare two speeds of the machine. */
function divideRounds(
  numerators: readonly (number | undefined)[],
  denominators: readonly (number | undefined)[],
): readonly (number | undefined)[] {
  return numerators.map((numerator, round) => {
    const denominator = denominators[round];
    return numerator === undefined || denominator === undefined || denominator === 0
      ? undefined
      : numerator / denominator;
  });
}
