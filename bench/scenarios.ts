import type { LoadPlan } from "./load.ts";

/** What every run is about; without one of them there is no run. */
export const requiredNames = ["nginx", "llm-platform"] as const;

/** With whom they are compared as well; one that cannot be had on a machine is missing from the run, and named in it. */
export const peerNames = ["portkey", "go", "haproxy", "litellm"] as const;

export type PeerName = (typeof peerNames)[number];
export type GatewayName = (typeof requiredNames)[number] | PeerName;

/** Names as they stand in the results; `direct` is the upstream without anything before it. */
export type ContestantName = "direct" | GatewayName;

/** What the figures are: per request, per event, delay over the direct way, or memory of idle streams. */
export type LoadKind = "json" | "sse" | "rate" | "idle";

/** One question, asked of several contestants under one load. */
export interface LoadScenario {
  readonly name: string;
  readonly kind: LoadKind;
  readonly contestants: readonly ContestantName[];
  readonly plan: LoadPlan;
}

/** How long this server takes to be ready. */
export interface StartScenario {
  readonly name: string;
  readonly kind: "start";
  readonly contestants: readonly ["llm-platform"];
}

export type Scenario = LoadScenario | StartScenario;
export type ScenarioKind = Scenario["kind"];

export function isPeer(name: ContestantName): name is PeerName {
  return peerNames.some((peer) => peer === name);
}

/** Rounds that are enough of a peer: it is many times dearer or only a reference, so its ratios need less precision. */
export const peerRounds = 6;

/** Whether peers are asked in this round too: in all when there are few, else in every second, third, …; 0 warms up. */
export function isPeerRound(round: number, rounds: number): boolean {
  return round % Math.max(1, Math.floor(rounds / peerRounds)) === 0;
}

/** Events of one stream of the upstream, and the time between two of a paced one. */
export const streamEvents = 100;
export const eventDelayMs = 10;

const gateways = ["nginx", "llm-platform", "portkey", "go", "haproxy"] as const;
const connections = 50;

/** In the order in which they run: starts while nothing else does, idle streams last, since each wants a fresh process. */
export const scenarios: readonly Scenario[] = [
  { name: "start", kind: "start", contestants: ["llm-platform"] },
  // LiteLLM is asked once only: one of its measurements takes the time of four others.
  jsonScenario("json-1k", 1_000, [...gateways, "litellm"]),
  jsonScenario("json-10k", 10_000, gateways),
  jsonScenario("json-100k", 100_000, gateways),
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
  // Portkey does not hold 2,000 requests per second on one core, and the Go gateway not on every machine.
  latencyScenario(2_000, ["direct", "nginx", "llm-platform", "haproxy"]),
  latencyScenario(300, ["direct", ...gateways]),
  idleScenario(1_000),
  idleScenario(5_000),
];

function jsonScenario(name: string, bodyBytes: number, contestants: readonly ContestantName[]): LoadScenario {
  return { name, kind: "json", contestants, plan: { mode: "closed", connections, bodyBytes } };
}

function latencyScenario(rate: number, contestants: readonly ContestantName[]): LoadScenario {
  const plan = { mode: "open", connections: 64, rate, bodyBytes: 1_000 } as const;
  return { name: `latency-${rate}`, kind: "rate", contestants, plan };
}

function idleScenario(streams: number): LoadScenario {
  const plan = { mode: "hold", connections: streams, model: "bench-hold", streamEvents } as const;
  return { name: `idle-${streams}`, kind: "idle", contestants: gateways, plan };
}
