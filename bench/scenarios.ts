import type { LoadPlan } from "./load.ts";

/** What its figures are: per request, per event, delay over the direct way, or memory of idle streams. */
export type ScenarioKind = "json" | "sse" | "rate" | "idle";

/** Names as they stand in the results; `direct` is the upstream without anything before it. */
export type ContestantName = "direct" | "nginx" | "llm-platform" | "portkey";

/** One question, asked of several contestants under one load. */
export interface Scenario {
  readonly name: string;
  readonly kind: ScenarioKind;
  readonly contestants: readonly ContestantName[];
  readonly plan: LoadPlan;
}

/** Events of one stream of the upstream, and the time between two of a paced one. */
export const streamEvents = 100;
export const eventDelayMs = 10;

const gateways = ["nginx", "llm-platform", "portkey"] as const;
const connections = 50;

/** In the order in which they run: idle streams last, since each wants a fresh process. */
export const scenarios: readonly Scenario[] = [
  {
    name: "json-1k",
    kind: "json",
    contestants: gateways,
    plan: { mode: "closed", connections, bodyBytes: 1_000 },
  },
  {
    name: "json-10k",
    kind: "json",
    contestants: gateways,
    plan: { mode: "closed", connections, bodyBytes: 10_000 },
  },
  {
    name: "json-100k",
    kind: "json",
    contestants: gateways,
    plan: { mode: "closed", connections, bodyBytes: 100_000 },
  },
  {
    name: "sse-paced",
    kind: "sse",
    contestants: gateways,
    plan: { mode: "closed", connections, model: "bench-paced", streamEvents, rampMs: eventDelayMs },
  },
  {
    name: "sse-burst",
    kind: "sse",
    contestants: gateways,
    plan: { mode: "closed", connections, model: "bench-burst", streamEvents },
  },
  // Portkey does not hold 2,000 requests per second on one core.
  {
    name: "rate-2000",
    kind: "rate",
    contestants: ["direct", "nginx", "llm-platform"],
    plan: { mode: "open", connections: 64, rate: 2_000, bodyBytes: 1_000 },
  },
  {
    name: "rate-300",
    kind: "rate",
    contestants: ["direct", ...gateways],
    plan: { mode: "open", connections: 64, rate: 300, bodyBytes: 1_000 },
  },
  idleScenario(1_000),
  idleScenario(5_000),
];

function idleScenario(streams: number): Scenario {
  const plan = { mode: "hold", connections: streams, model: "bench-hold", streamEvents } as const;
  return { name: `idle-${streams}`, kind: "idle", contestants: gateways, plan };
}
