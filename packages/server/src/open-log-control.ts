import { z } from "zod";
import type { LogControl } from "./control/log-levels.ts";
import type { Foundation } from "./foundation.ts";
import { type LogLevelOverride, logLevels as levelNames } from "./telemetry/log-levels.ts";
import type { PlatformLog } from "./telemetry/log.ts";

/** Where they are kept, so that a restart knows of them. */
const owner = "_log";
const key = "levels";

const keptLevels = z.object({
  levels: z.array(
    z.object({
      part: z.string(),
      level: z.enum(levelNames),
      expiresAtMs: z.number().nullable(),
    }),
  ),
});

/** How much is logged: set here, kept in the store, and told to the workers and to the other replicas. */
export async function openLogControl(
  { store, sharing, logLevels }: Pick<Foundation, "store" | "sharing" | "logLevels">,
  log: PlatformLog,
): Promise<LogControl> {
  const values = store.keyValues(owner);

  function take(data: unknown): void {
    const kept = keptLevels.safeParse(data).data;
    if (kept !== undefined) logLevels.set(kept.levels);
  }

  async function readKept(): Promise<void> {
    try {
      take(await values.get(key));
    } catch (error) {
      // The log is as the configuration says until somebody sets it again.
      log.warn("log.levels_not_read", { error });
    }
  }

  sharing.bus.subscribe("log_levels", take);
  if (store.isShared) sharing.bus.onGap(() => void readKept());
  await readKept();
  return {
    configured: logLevels.configured,
    nowMs: Date.now,
    overrides: () => logLevels.overrides(Date.now()),
    async set(overrides) {
      const message = { levels: overrides.map((each: LogLevelOverride) => ({ ...each })) };
      await values.set(key, message);
      logLevels.set(overrides);
      sharing.bus.publish("log_levels", message);
      log.info("log.levels_set", { levels: overrides });
    },
  };
}
