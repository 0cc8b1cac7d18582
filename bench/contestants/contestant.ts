import type { PinnedProcess, Processes } from "../processes.ts";
import type { GatewayName } from "../scenarios.ts";

/** The key that every request carries and that those contestants check which have a key check. */
export const benchKey = "sk-bench-0123456789abcdef0123456789abcdef";

/** The model that a contestant must offer before it is measured. */
export const benchModel = "bench-burst";

/** All models of the upstream. */
export const benchModels = [benchModel, "bench-paced", "bench-hold"] as const;

/** Gateways run here; the upstream and the load generator run on the other core. */
export const gatewayCore = 0;

/** Where a contestant is started. */
export interface Place {
  readonly processes: Processes;
  /** An empty folder of its own, for configuration, state and log. */
  readonly folder: string;
  readonly upstreamPort: number;
}

export interface RunningContestant {
  readonly port: number;
  readonly process: PinnedProcess;
}

/** A gateway that stands between the load generator and the upstream. */
export interface Contestant {
  readonly name: GatewayName;
  readonly version: string;
  /** How long it works before its first round counts. Default 30, for those that compile while they run. */
  readonly warmUpSeconds?: number;
  /** By how much each of its measurements is longer, where the usual time holds few of its answers. Default 1. */
  readonly timesFactor?: number;
  /** Headers that its requests need beside those of every request, each as `name: value`. */
  headers(upstreamPort: number): readonly string[];
  /** Resolves when it has answered a first request. */
  start(place: Place): Promise<RunningContestant>;
}
