import { discoveryOperations } from "./control/discovery.ts";
import type { Operation } from "./control/operation.ts";
import { repairOperations } from "./control/repairs.ts";
import type { ModelDirectory } from "./gateway/model-directory.ts";
import type { Manager } from "./manager/manager.ts";
import { type ObservingParts, observingOperations } from "./observing-operations.ts";
import type { Identity } from "./store/identity.ts";
import type { UsageSums } from "./store/usage-sums.ts";
import { createControlFetch } from "./wire/control-fetch.ts";

export interface UpkeepParts extends ObservingParts {
  readonly identity: Identity;
  readonly usage: Pick<UsageSums, "unpriced">;
  readonly directory: Pick<ModelDirectory, "snapshot">;
}

const dayMs = 86_400_000;
const unpricedDays = 7;
const mostUnpriced = 100;
const keysPerPage = 1_000;
const probeMs = 1_000;
const longestListing = 1_000_000;

/** Operations by which somebody keeps a platform well: what watches it, what is wrong, and what could be added. */
export function upkeepOperations(parts: UpkeepParts): readonly Operation[] {
  const { manager, identity, usage, directory, alerts } = parts;
  return [
    ...observingOperations(parts),
    ...discoveryOperations({
      fetchText,
      ownPort: () => parts.config.server.port,
      configured: () => configuredOrigins(manager),
    }),
    ...repairOperations({
      manager,
      firing: () => alerts.firing,
      keysEndingBy: (untilMs) => findEndingKeys(identity, untilMs),
      async unpricedModels() {
        const untilMs = Math.ceil(Date.now() / dayMs) * dayMs;
        const rows = await usage.unpriced({
          resolution: "day",
          fromMs: untilMs - unpricedDays * dayMs,
          untilMs,
          filter: {},
          limit: mostUnpriced,
        });
        return rows.map(({ integration, upstreamModel }) => `${integration}/${upstreamModel}`);
      },
      doubtfulModels: () =>
        directory.snapshot.models.flatMap(({ id, verdict }) =>
          verdict === undefined || verdict === "weights_only" ? [] : [{ id, verdict }],
        ),
      nowMs: Date.now,
    }),
  ];
}

async function findEndingKeys({ apiKeys }: Identity, untilMs: number) {
  const found: { readonly id: string; readonly name: string; readonly expiresAtMs: number }[] = [];
  let afterId: string | undefined = "";
  while (afterId !== undefined) {
    const page = await apiKeys.list({ afterId, limit: keysPerPage });
    for (const { id, name, expiresAtMs, revokedAtMs } of page)
      if (revokedAtMs === null && expiresAtMs !== null && expiresAtMs > Date.now() && expiresAtMs <= untilMs)
        found.push({ id, name, expiresAtMs });
    afterId = page.length < keysPerPage ? undefined : page.at(-1)?.id;
  }
  return found;
}

/** Addresses that integrations speak to, by what stands in their settings. */
function configuredOrigins(manager: Manager): ReadonlyMap<string, string> {
  const origins = new Map<string, string>();
  for (const { name } of manager.list())
    for (const value of Object.values(manager.config(name).settings)) {
      const url = typeof value === "string" ? URL.parse(value) : null;
      if (url !== null) origins.set(url.origin, name);
    }
  return origins;
}

/** Asks one address of this machine. */
async function fetchText(url: string, signal: AbortSignal): Promise<string | undefined> {
  const control = createControlFetch({ settings: [url], network: "private", signal });
  try {
    const response = await control.fetch(url, { deadlineMs: probeMs });
    const text = response.ok ? await response.text() : "";
    return text.length > longestListing ? undefined : text;
  } catch {
    // Nothing listens there, or no server that can be used: that is the answer.
    return undefined;
  } finally {
    control.release();
  }
}
