import { z } from "zod";
import { defineOperation, type Operation } from "./operation.ts";

/** What the platform says of itself. */
export interface SystemInfo {
  readonly version: string;
  readonly dataDirectory: string;
  readonly startedAtMs: number;
  readonly inFlight: () => number;
}

/** Operations on the platform as a whole. */
export function systemOperations(info: SystemInfo): readonly Operation[] {
  return [
    defineOperation({
      name: "system.info",
      summary: "Version, uptime and load of this server.",
      permission: "system.read",
      rest: { method: "GET", path: "/api/v1/system" },
      input: z.strictObject({}),
      output: z.object({
        version: z.string(),
        node_version: z.string(),
        started_at: z.string(),
        uptime_seconds: z.number(),
        data_dir: z.string(),
        requests_in_flight: z.number(),
      }),
      run: async () => ({
        version: info.version,
        node_version: process.version,
        started_at: new Date(info.startedAtMs).toISOString(),
        uptime_seconds: Math.round((Date.now() - info.startedAtMs) / 1_000),
        data_dir: info.dataDirectory,
        requests_in_flight: info.inFlight(),
      }),
    }),
  ];
}
