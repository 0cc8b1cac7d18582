import { checkAccess, checkCalls, checkModels, checkRecords } from "./calls.ts";
import type { Target } from "./connection.ts";
import type { Finding } from "./finding.ts";
import { checkReach } from "./reach.ts";
import {
  checkAudit,
  checkGrpc,
  checkIntegrations,
  checkMetrics,
  checkVersion,
  checkWebSocket,
  countCalls,
} from "./state.ts";

export interface SmokeOptions {
  /** Asked for the two chats. Default: the first that can chat. */
  readonly model?: string | undefined;
  /** Where `/metrics` is when it has a port of its own. Default: the server's address. */
  readonly metricsUrl?: string | undefined;
  /** `http://…` or `https://…`. Default: gRPC is not looked at. */
  readonly grpcUrl?: string | undefined;
  /** This program's own. */
  readonly version: string;
  /** Wall time. */
  nowMs(): number;
}

/**
 * Looks at a deployment from outside, as its clients see it, and makes two small calls. It changes nothing else. What cannot
 * be looked at because something before it failed is left out.
 */
export async function smoke(target: Target, options: SmokeOptions): Promise<readonly Finding[]> {
  const { findings: reach, isReachable } = await checkReach(target, options.nowMs);
  if (!isReachable) return reach;
  const access = await checkAccess(target);
  if (access.some(({ check, verdict }) => check === "key" && verdict === "failed"))
    return [...reach, ...access];
  const metrics = {
    target: options.metricsUrl === undefined ? target : { ...target, url: options.metricsUrl },
    path: "/metrics",
  };
  const before = await countCalls(metrics);
  const { finding, model } = await checkModels(target, options.model);
  const made = model === undefined ? undefined : await checkCalls(target, model);
  return [
    ...reach,
    ...access,
    await checkVersion(target, options.version),
    finding,
    ...(made === undefined ? [] : [...made.findings, ...(await checkRecords(target, made))]),
    await checkMetrics(metrics, before),
    await checkWebSocket(target),
    await checkGrpc(options.grpcUrl),
    ...(await checkIntegrations(target)),
    await checkAudit(target),
  ];
}
