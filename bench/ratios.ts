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
    const common = commonRounds(figures, terms);
    const ratioOf = (rounds: readonly number[]) =>
      divide(terms.map((term) => valueOf(figures, term, rounds)));
    const value = ratioOf(common);
    const each = common.map((round) => ratioOf([round])).filter((one) => one !== undefined);
    if (value !== undefined) ratios[name] = { value, rounds: each };
  }
  return ratios;
}

/** What a term is made of: a gateway's figure, and the direct way's where that is taken off. */
function placesOf({ isAdded, ...place }: Term): readonly FigurePlace[] {
  return isAdded === true ? [place, { ...place, contestant: "direct" }] : [place];
}

/** Rounds that all of them have: others were measured when the machine may have been another. */
function commonRounds(figures: readonly Figure[], terms: readonly Term[]): readonly number[] {
  const columns = terms.flatMap(placesOf).map((place) => metricRounds(figures, place));
  const count = Math.min(...columns.map(({ length }) => length));
  return Array.from({ length: count }, (_, round) => round).filter((round) =>
    columns.every((column) => column[round] !== undefined),
  );
}

/** Of these rounds, which have it. */
function valueOf(figures: readonly Figure[], term: Term, rounds: readonly number[]): number | undefined {
  const [own, direct = 0] = placesOf(term).map((place) => {
    const column = metricRounds(figures, place);
    const values = rounds.map((round) => column[round]).filter((value) => value !== undefined);
    return undisturbed(place.metric, values);
  });
  return own === undefined ? undefined : own - direct;
}

/** By an added time that is nothing, as it is where the direct way met a disturbance, nothing is divided. */
function divide([of, over = 1]: readonly (number | undefined)[]): number | undefined {
  return of === undefined || over <= 0 ? undefined : of / over;
}
