import { z } from "zod";
import { defineOperation, type Operation } from "./operation.ts";

/** Whose calls are kept with their content, by name. */
export interface ContentCapture {
  readonly keys: readonly string[];
  readonly models: readonly string[];
}

/** What the platform says of itself. */
export interface SystemInfo {
  readonly version: string;
  readonly dataDirectory: string;
  readonly startedAtMs: number;
  readonly inFlight: () => number;
  readonly contentCapture: () => Promise<ContentCapture>;
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
        content_capture: z
          .object({
            is_on: z.boolean(),
            keys: z.array(z.string()).readonly(),
            models: z.array(z.string()).readonly(),
          })
          .describe(
            "Whose calls are kept with what they ask and are answered, by the names of keys and models.",
          ),
      }),
      run: async () => ({
        content_capture: toCapture(await info.contentCapture()),
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

function toCapture({ keys, models }: ContentCapture) {
  return { is_on: keys.length + models.length > 0, keys, models };
}
