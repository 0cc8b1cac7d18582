import { grpcPort } from "../grpc/grpc-client.ts";
import { type GrpcReport, runGhz } from "../services/ghz.ts";
import type { Volume } from "./k6/profiles.ts";
import type { System } from "./system.ts";

/** What one kind of call came to. */
export type GrpcRunReport = GrpcReport & { readonly method: "Chat" | "ChatStream"; readonly volume: Volume };

/** The answer of each call. */
const words = 20;

/** Runs whole answers, then streams, over gRPC against the first server of a system. */
export async function runGrpc(system: System, volume: Volume): Promise<readonly GrpcRunReport[]> {
  const [server] = system.servers;
  if (server === undefined) throw new Error("the system has no server");
  const port = await grpcPort(server);
  const reports: GrpcRunReport[] = [];
  for (const method of ["Chat", "ChatStream"] as const)
    reports.push({ ...(await runGhz({ ...system, ...volume, port, method, words })), method, volume });
  return reports;
}
