import { join } from "node:path";
import { builtInIntegrations } from "@llm-platform/integrations";
import type { IntegrationDefinition } from "@llm-platform/kit";
import type { PlatformConfig } from "./config/schema.ts";
import type { KnownSecrets } from "./core/known-secrets.ts";
import { emailIntegration } from "./email-integration.ts";
import { followDiscovery } from "./discovered-servers.ts";
import type { Foundation } from "./foundation.ts";
import { createCredentialPrograms } from "./credential-programs.ts";
import { createIntegrationHost } from "./integration-host.ts";
import { type Catalogue, createCatalogue } from "./manager/catalogue.ts";
import { loadPackages } from "./manager/load-package.ts";
import { createManager, type Manager } from "./manager/manager.ts";
import { shareChanges } from "./share-changes.ts";
import { systemClock } from "./system-clock.ts";
import { GpuReader } from "./telemetry/resources/gpu-reader.ts";
import { createInstrumentFactory } from "./telemetry/integration-instruments.ts";
import type { PlatformLog } from "./telemetry/log.ts";

interface ManagerInput {
  readonly config: PlatformConfig;
  readonly log: PlatformLog;
}

/** The definitions that come with the platform, those of its surfaces, and those of the packages that the configuration names. */
export async function openCatalogue(
  surfaces: readonly IntegrationDefinition[],
  { config, baseDirectory, log }: ManagerInput & { readonly baseDirectory: string },
): Promise<Catalogue> {
  const definitions = [...builtInIntegrations, emailIntegration, ...surfaces];
  const known = new Set(definitions.map(({ id }) => id));
  const uses = config.integrations.map(({ use }) => use).filter((use) => !known.has(use));
  return createCatalogue(definitions, await loadPackages({ uses, baseDirectory, log }));
}

/** The integration manager of this replica; the others hear of what happens here. */
export function openManager(
  { store, registry, metrics, sharing, workSpans, transfers }: Foundation,
  parts: ManagerInput & { readonly catalogue: Catalogue; readonly secrets: KnownSecrets },
): Manager {
  const { catalogue, config, log, secrets } = parts;
  const manager = createManager({
    catalogue,
    secrets,
    log,
    logFor: (integration) => log.child({ integration }),
    events: store.events,
    host: createIntegrationHost({
      instruments: createInstrumentFactory(registry, secrets),
      directory: join(config.data_dir, "integrations"),
      gpus: new GpuReader(),
      programs: createCredentialPrograms(config.programs.credentials),
      keyValues: (integration) => store.keyValues(integration),
      tlsHandshakes: metrics.upstreamTlsHandshakes,
      workSpans,
      transfers,
    }),
    clock: systemClock,
    random: Math.random,
  });
  followDiscovery(manager, log);
  shareChanges({ manager, identity: store.identity, bus: sharing.bus });
  return manager;
}
