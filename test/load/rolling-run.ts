import { setTimeout as sleep } from "node:timers/promises";
import { type ChatReport, runK6 } from "../services/k6.ts";
import type { Volume } from "./k6/profiles.ts";
import { countUnrecorded } from "./profile-run.ts";
import { type ReplicatedSystem, startReplicated } from "./system.ts";

/** What a run came to. */
export type RollingReport = {
  readonly restarts: number;
  readonly chats: ChatReport;
  /** Calls that have other than one row in the ledger. */
  readonly unrecorded: number;
  /** Exit codes of the replicas that were stopped. */
  readonly exitCodes: readonly (number | null)[];
};

/** Long enough for a stream to be in the middle when its replica is told to stop. */
const upstreamPace = { firstTokenDelayMs: 40, tokenDelayMs: 40 };
const mostTokens = 30;
/** What a balancer takes to see that a replica is not ready, as `preStopSeconds` of the chart. */
const leaveMs = 1_000;
const calmMs = 1_000;

/**
 * Two replicas on PostgreSQL and Redis behind nginx are replaced one after the other for as long as k6 sends chats, as
 * Kubernetes does it: a replica leaves the balancer, is told to stop a moment later, ends its calls, and its successor comes
 * in when it is ready.
 */
export async function rollOver(volume: Volume): Promise<RollingReport> {
  const system = await startReplicated(upstreamPace);
  try {
    const state = { isOver: false };
    // A proxy that reads its configuration anew ends the connections that are idle, also at the instant when a client takes one.
    const load = { ...system, ...volume, profile: "load", mostTokens, hasOwnConnections: true } as const;
    const sending = runK6(load).finally(() => {
      state.isOver = true;
    });
    const exitCodes: (number | null)[] = [];
    for (let place = 0; !state.isOver; place = (place + 1) % system.ports.length) {
      await sleep(calmMs);
      exitCodes.push(await replace(system, place));
    }
    const chats = await sending;
    const unrecorded = countUnrecorded(await system.attempts(chats.calls), chats.calls);
    return { restarts: exitCodes.length, chats, unrecorded, exitCodes };
  } finally {
    await system.stop();
  }
}

async function replace(system: ReplicatedSystem, place: number): Promise<number | null> {
  const { nginx, ports, servers } = system;
  await nginx.useServers(ports.filter((_, each) => each !== place));
  await sleep(leaveMs);
  servers[place]?.kill("SIGTERM");
  const exitCode = (await servers[place]?.exit) ?? null;
  await system.restart(place);
  await nginx.useServers(ports);
  return exitCode;
}
