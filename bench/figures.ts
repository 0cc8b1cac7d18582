import type { Measurement } from "./load.ts";
import type { ContestantName, LoadKind, ScenarioKind } from "./scenarios.ts";

/** Metrics of one contestant in one round, by name; units are in the names. */
export type Metrics = Readonly<Record<string, number>>;

/**
 * All rounds of one contestant in one scenario. A round that failed, or in which it was not asked, is undefined, so that
 * rounds stay side by side.
 */
export interface Figure {
  readonly scenario: string;
  readonly kind: ScenarioKind;
  readonly contestant: ContestantName;
  readonly rounds: readonly (Metrics | undefined)[];
}

const bytesPerKib = 1_024;
const kibPerMib = 1_024;

/** What the load generator told, as the metrics of its kind of scenario. */
export function toMetrics(kind: LoadKind, told: Measurement): Metrics {
  const of = (name: string) => numberNamed(told, name);
  switch (kind) {
    case "json":
      return {
        cpuMicrosPerRequest: of("cpuMicros") / of("requests"),
        requestsPerSecond: of("requests") / of("seconds"),
        ...commonMetrics(told),
      };
    case "sse":
      return {
        cpuMicrosPerEvent: of("cpuMicros") / of("events"),
        eventsPerSecond: of("events") / of("seconds"),
        eventP50Micros: of("eventP50Micros"),
        eventP99Micros: of("eventP99Micros"),
        ...commonMetrics(told),
      };
    case "rate":
      return { cpuMicrosPerRequest: of("cpuMicros") / of("requests"), ...commonMetrics(told) };
    case "idle":
      return {
        bytesPerStream: of("bytesPerStream"),
        cpuMicrosPerStream: of("cpuMicrosPerStream"),
        residentMib: (of("residentKib") * bytesPerKib) / (bytesPerKib * kibPerMib),
      };
  }
}

function commonMetrics(told: Measurement): Metrics {
  return {
    p50Micros: numberNamed(told, "latencyP50Micros"),
    p99Micros: numberNamed(told, "latencyP99Micros"),
    /** Share of one core that the gateway used: near 1 when it, and not the load, was the limit. */
    cpuShare: numberNamed(told, "cpuMicros") / (numberNamed(told, "seconds") * 1_000_000),
    peakMib: numberNamed(told, "peakResidentKib") / kibPerMib,
  };
}

function numberNamed(told: Measurement, name: string): number {
  const value = told[name];
  if (value === undefined) throw new Error(`the load generator did not tell ${name}`);
  return value;
}

/** What went wrong in a measurement, in words; empty when all was well. */
export function findFaults(kind: LoadKind, told: Measurement): readonly string[] {
  const faults = [];
  if (numberNamed(told, "failures") > 0) faults.push(`${told["failures"]} requests failed`);
  if (kind === "idle") {
    if (told["held"] !== told["streams"])
      faults.push(`only ${told["held"]} of ${told["streams"]} streams were open`);
    return faults;
  }
  if (numberNamed(told, "requests") === 0 && numberNamed(told, "events") === 0)
    faults.push("nothing was answered");
  if (numberNamed(told, "notOk") > 0) faults.push(`${told["notOk"]} answers were not 200`);
  if (numberNamed(told, "cutStreams") > 0)
    faults.push(`${told["cutStreams"]} streams had a wrong number of events`);
  if (numberNamed(told, "backlog") > 0)
    faults.push(`${told["backlog"]} requests were still waiting: the rate was not held`);
  return faults;
}

/** Middle of the numbers, the mean of both middles for an even count; undefined of none. */
export function median(numbers: readonly number[]): number | undefined {
  const sorted = numbers.toSorted((left, right) => left - right);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.ceil(sorted.length / 2) - 1];
  return upper === undefined || lower === undefined ? undefined : (upper + lower) / 2;
}

/** One metric of every round that has it. */
export function metricRounds(
  figures: readonly Figure[],
  place: FigurePlace,
): readonly (number | undefined)[] {
  const figure = figures.find(
    ({ scenario, contestant }) => scenario === place.scenario && contestant === place.contestant,
  );
  return (figure?.rounds ?? []).map((round) => round?.[place.metric]);
}

export interface FigurePlace {
  readonly scenario: string;
  readonly contestant: ContestantName;
  readonly metric: string;
}

/** Metrics of which more is better; of times and CPU less is, and of others neither. */
const rates = new Set(["requestsPerSecond", "eventsPerSecond"]);
const others = new Set(["cpuShare", "peakMib", "residentMib", "bytesPerStream"]);

/**
 * One metric of rounds that were disturbed or not: the machine can only add to what a program takes, never take away from
 * it. So it is the quarter of the rounds with the best values that counts, and the worst of these; undefined of none.
 */
export function undisturbed(metric: string, values: readonly number[]): number | undefined {
  if (others.has(metric)) return median(values);
  return quantile(values, rates.has(metric) ? 0.75 : 0.25);
}

/** Between two numbers in proportion (Hyndman and Fan's type 7); undefined of none. */
function quantile(numbers: readonly number[], share: number): number | undefined {
  const sorted = numbers.toSorted((left, right) => left - right);
  const place = (sorted.length - 1) * share;
  const lower = sorted[Math.floor(place)];
  const upper = sorted[Math.ceil(place)];
  return lower === undefined || upper === undefined ? undefined : lower + (upper - lower) * (place % 1);
}

/** One metric of all rounds that have it, undisturbed; undefined where it was not measured. */
export function metricOf(figures: readonly Figure[], place: FigurePlace): number | undefined {
  return undisturbed(
    place.metric,
    metricRounds(figures, place).filter((value) => value !== undefined),
  );
}
