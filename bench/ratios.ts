import type { Budget, Limit } from "./budget.ts";
import { type Figure, type FigurePlace, metricRounds, undisturbed } from "./figures.ts";
import type { ContestantName } from "./scenarios.ts";

/** A number that a budget can bound, of the least disturbed rounds; and each round's, since the machine's speed changes between rounds. */
export interface Ratio {
  readonly value: number;
  readonly rounds: readonly number[];
}

export type Ratios = Readonly<Record<string, Ratio>>;

/** Where this server should come. A limit in the budget binds; a target is only told beside what was measured. */
export const targets: Budget = new Map<string, Limit>([
  ["cpu_per_request_vs_nginx_1kb", { at_most: 1.25 }],
  ["cpu_per_request_vs_nginx_10kb", { at_most: 1.3 }],
  ["cpu_per_request_vs_nginx_100kb", { at_most: 1.4 }],
  ["requests_per_second_vs_nginx_1kb", { at_least: 0.8 }],
  ["portkey_vs_ours_cpu_1kb", { at_least: 24 }],
  ["sse_cpu_per_event_vs_nginx", { at_most: 1.35 }],
  ["added_p50_vs_nginx_at_2000", { at_most: 1.1 }],
  ["added_p99_micros_at_2000", { at_most: 300 }],
  ["start_to_ready_ms", { at_most: 700 }],
  ["idle_stream_bytes_5000", { at_most: 10_240 }],
]);

interface Term extends FigurePlace {
  /** Less what the same load takes without a gateway. */
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
    const terms = over === undefined ? [of] : [of, over];
    const rounds = commonRounds(terms.map((term) => readTerm(figures, term)));
    const value = divide(
      terms.map((term, index) =>
        valueOf(
          term,
          rounds.map((round) => round[index] ?? []),
        ),
      ),
    );
    const each = rounds.map((round) =>
      divide(terms.map((term, index) => valueOf(term, [round[index] ?? []]))),
    );
    if (value !== undefined) ratios[name] = { value, rounds: each.filter((one) => one !== undefined) };
  }
  return ratios;
}

/** What a term takes in one round, and without a gateway, where that is to be taken off. */
type Reading = readonly number[];

/** Undefined for a round in which not all of it was measured. */
function readTerm(figures: readonly Figure[], { isAdded, ...place }: Term): readonly (Reading | undefined)[] {
  const direct = isAdded === true ? metricRounds(figures, { ...place, contestant: "direct" }) : undefined;
  return metricRounds(figures, place).map((value, round) => {
    if (value === undefined) return undefined;
    const base = direct?.[round];
    return direct === undefined ? [value] : base === undefined ? undefined : [value, base];
  });
}

/** Only rounds that all terms have: others were measured when the machine may have been another. */
function commonRounds(terms: readonly (readonly (Reading | undefined)[])[]): readonly (readonly Reading[])[] {
  const count = Math.max(...terms.map(({ length }) => length));
  return Array.from({ length: count }, (_, round) => terms.map((term) => term[round])).filter((round) =>
    round.every((reading) => reading !== undefined),
  );
}

/** Of these rounds. */
function valueOf({ metric }: Term, readings: readonly Reading[]): number | undefined {
  const [own, direct = 0] = [0, 1].map((place) =>
    undisturbed(
      metric,
      readings.map((reading) => reading[place]).filter((value) => value !== undefined),
    ),
  );
  return own === undefined ? undefined : own - direct;
}

/** By an added time that is nothing, as it is where the direct way met a disturbance, nothing is divided. */
function divide([of, over = 1]: readonly (number | undefined)[]): number | undefined {
  return of === undefined || over <= 0 ? undefined : of / over;
}
