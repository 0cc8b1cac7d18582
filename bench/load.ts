import type { Processes } from "./processes.ts";

/** The load generator and the upstream share this core; gateways have the other to themselves. */
export const loadCore = 1;

/** What is asked of a gateway. */
export interface LoadPlan {
  /** closed: the next request follows the reply; open: a fixed rate; hold: streams that stay open and idle. */
  readonly mode: "closed" | "open" | "hold";
  readonly connections: number;
  /** Requests per second; open mode only. */
  readonly rate?: number;
  /** Size of the request's body. Default 1,000. */
  readonly bodyBytes?: number;
  /** The upstream's model, which decides how it answers a stream. */
  readonly model?: "bench-burst" | "bench-paced" | "bench-hold";
  /** Asks for a stream; a stream with another number of events than this counts as cut. */
  readonly streamEvents?: number;
  /** First requests are spread over this time. */
  readonly rampMs?: number;
}

export interface LoadTarget {
  readonly name: string;
  readonly port: number;
  /** Each as `name: value`. */
  readonly headers: readonly string[];
  /** Whose CPU and memory are counted. */
  readonly pids: readonly number[];
}

export interface LoadTimes {
  readonly seconds: number;
  readonly warmupSeconds: number;
}

/** What the load generator told, by its own names; times in microseconds, memory in KiB. */
export type Measurement = Readonly<Record<string, number>>;

export interface LoadGenerator {
  /** @throws Error when the gateway refused connections or failed too often */
  run(plan: LoadPlan, target: LoadTarget, times: LoadTimes): Promise<Measurement>;
}

/** @param program path of the built load generator */
export function createLoadGenerator(processes: Processes, program: string): LoadGenerator {
  return {
    async run(plan, target, times) {
      const command = [program, ...planFlags(plan), ...targetFlags(target)];
      command.push("--seconds", String(times.seconds), "--warmup-seconds", String(times.warmupSeconds));
      const output = await processes.run({ name: `the load on ${target.name}`, cores: [loadCore], command });
      return parseMeasurement(output);
    },
  };
}

function planFlags(plan: LoadPlan): readonly string[] {
  const flags = ["--mode", plan.mode, "--connections", String(plan.connections)];
  if (plan.rate !== undefined) flags.push("--rate", String(plan.rate));
  if (plan.bodyBytes !== undefined) flags.push("--body-bytes", String(plan.bodyBytes));
  if (plan.model !== undefined) flags.push("--model", plan.model);
  if (plan.streamEvents !== undefined) flags.push("--stream", "--expect-events", String(plan.streamEvents));
  if (plan.rampMs !== undefined) flags.push("--ramp-ms", String(plan.rampMs));
  return flags;
}

function targetFlags({ port, headers, pids }: LoadTarget): readonly string[] {
  const headerFlags = headers.flatMap((header) => ["--header", header]);
  return ["--port", String(port), "--pids", pids.join(","), ...headerFlags];
}

function parseMeasurement(output: string): Measurement {
  const parsed: unknown = JSON.parse(output);
  if (typeof parsed !== "object" || parsed === null) throw new Error(`the load generator printed ${output}`);
  const numbers: Record<string, number> = {};
  for (const [name, value] of Object.entries(parsed)) {
    if (typeof value !== "number") throw new Error(`the load generator printed ${name} that is no number`);
    numbers[name] = value;
  }
  return numbers;
}
