import type { Json } from "@llm-platform/kit";
import { z } from "zod";
import {
  type ConfiguredLogLevels,
  everyPart,
  type LogLevelOverride,
  logLevels,
} from "../telemetry/log-levels.ts";
import { defineOperation, type Operation } from "./operation.ts";

/** How much is logged, by all processes of all replicas. */
export interface LogControl {
  readonly configured: ConfiguredLogLevels;
  /** What holds now in place of the configuration. */
  overrides(): readonly LogLevelOverride[];
  /** These are all that hold from now on, here and elsewhere. Rejects with PlatformError when they cannot be kept. */
  set(overrides: readonly LogLevelOverride[]): Promise<void>;
  nowMs(): number;
}

const mostParts = 100;
const mostMinutes = 7 * 24 * 60;

const level = z.enum(logLevels);
const part = z
  .string()
  .min(1)
  .max(64)
  .describe(
    "The noun that events begin with, as `audit`; the name of an integration; or `*` for all that has no level of its own.",
  );

const shownLevels = z.object({
  configured: z.object({ level, levels: z.record(z.string(), level) }).describe("As the configuration says."),
  levels: z
    .array(
      z.object({
        part,
        level,
        expires_at: z.string().nullable().describe("Null for one that holds until it is set otherwise."),
      }),
    )
    .readonly()
    .describe("What holds in its place now."),
});

/** Operations on how much is logged. */
export function logLevelOperations(control: LogControl): readonly Operation[] {
  const show = (): z.output<typeof shownLevels> => ({
    configured: { level: control.configured.level, levels: { ...control.configured.parts } },
    levels: control.overrides().map(({ part: name, level: set, expiresAtMs }) => ({
      part: name,
      level: set,
      expires_at: expiresAtMs === null ? null : new Date(expiresAtMs).toISOString(),
    })),
  });
  const showLevels = (): Json => show().levels.map((each) => ({ ...each }));
  return [
    defineOperation({
      name: "system.log_levels.get",
      summary: "How much is logged, and of what.",
      permission: "system.read",
      rest: { method: "GET", path: "/api/v1/system/log-levels" },
      input: z.strictObject({}),
      output: shownLevels,
      run: async () => show(),
    }),
    defineOperation({
      name: "system.log_levels.set",
      summary:
        "Sets how much is logged while the server runs, in all processes of all replicas. What is not named is as the configuration says.",
      permission: "system.write",
      rest: { method: "PUT", path: "/api/v1/system/log-levels" },
      audit: {
        target: () => ({ type: "log_levels", id: null, name: null }),
        before: showLevels,
        after: showLevels,
      },
      input: z.strictObject({
        levels: z
          .array(
            z.strictObject({
              part: part.default(everyPart),
              level,
              minutes: z
                .number()
                .int()
                .min(1)
                .max(mostMinutes)
                .optional()
                .describe("How long it holds. Default: until it is set otherwise."),
            }),
          )
          .max(mostParts)
          .refine((levels) => new Set(levels.map((each) => each.part)).size === levels.length, {
            error: "names a part twice",
          }),
      }),
      output: shownLevels,
      async run({ levels }) {
        const nowMs = control.nowMs();
        await control.set(
          levels.map(({ minutes, ...each }) => ({
            ...each,
            expiresAtMs: minutes === undefined ? null : nowMs + minutes * 60_000,
          })),
        );
        return show();
      },
    }),
  ];
}
