import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { IntegrationConfig, IntegrationDefinition, Log } from "@llm-platform/kit";
import type { ConfiguredIntegration, PlatformConfig } from "./config/schema.ts";
import { toIntegrationConfig } from "./integration-entries.ts";
import { integrationFolder } from "./integration-host.ts";
import { createIntegrationRoster, type IntegrationRoster } from "./integration-roster.ts";
import type { Catalogue } from "./manager/catalogue.ts";
import type { Manager } from "./manager/manager.ts";
import type { SavedConfig } from "./saved-config.ts";
import type { Store } from "./store/store.ts";

interface OpenRosterParts {
  readonly config: PlatformConfig;
  readonly log: Log;
  readonly catalogue: Catalogue;
  readonly savedConfig: SavedConfig;
  /** What the platform itself has, and how it is set. */
  readonly surfaces: {
    readonly definitions: readonly IntegrationDefinition[];
    readonly configs: readonly IntegrationConfig[];
  };
  manager(): Manager;
}

/** Every integration of this replica: the platform's own, those of the configuration, and those that were added. */
export function openRoster(
  store: Pick<Store, "vault" | "changes" | "runAlone" | "dropKeyValues">,
  { config, catalogue, surfaces, ...parts }: OpenRosterParts,
): IntegrationRoster {
  const own = new Set(surfaces.definitions.map(({ id }) => id));
  const toConfig = (entry: ConfiguredIntegration) => toIntegrationConfig(entry, config, catalogue);
  return createIntegrationRoster({
    ...store,
    ...parts,
    toConfig,
    isOwn: (use) => own.has(use),
    async removeData(name) {
      await store.dropKeyValues(name);
      const folder = integrationFolder(join(config.data_dir, "integrations"), name);
      await rm(folder, { recursive: true, force: true });
    },
    written: () => [...surfaces.configs, ...config.integrations.map(toConfig)],
  });
}
