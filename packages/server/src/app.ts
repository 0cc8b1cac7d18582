import { existsSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { builtInIntegrations } from "@llm-platform/integrations";
import type { IntegrationConfig, IntegrationDefinition, PlatformEvent } from "@llm-platform/kit";
import { createAuthenticator } from "./api/authenticate.ts";
import type { InferenceParts } from "./api/inference.ts";
import { createListener } from "./api/listener.ts";
import { createProbeMount } from "./api/probes.ts";
import type { PlatformConfig } from "./config/schema.ts";
import { createPriceTable } from "./core/prices.ts";
import { createGateway } from "./gateway/gateway.ts";
import { createModelDirectory, type ModelDirectory, type PlatformView } from "./gateway/model-directory.ts";
import { createRecorder } from "./gateway/recorder.ts";
import { createIntegrationHost } from "./integration-host.ts";
import { createCatalogue } from "./manager/catalogue.ts";
import { loadPackages } from "./manager/load-package.ts";
import { createManager, type Manager } from "./manager/manager.ts";
import { createSavedConfig } from "./saved-config.ts";
import { toApiKeys, toGatewaySettings, toPrices } from "./settings-of.ts";
import { createSpool } from "./store/spool.ts";
import { openStore } from "./store/store.ts";
import { createSurfaces } from "./surfaces.ts";
import { collectGauges } from "./telemetry/collect.ts";
import { createInstrumentFactory } from "./telemetry/integration-instruments.ts";
import type { PlatformLog } from "./telemetry/log.ts";
import { createPlatformMetrics } from "./telemetry/platform-metrics.ts";
import { createProcessMetrics } from "./telemetry/process-metrics.ts";
import { createMetricRegistry } from "./telemetry/registry.ts";
import { version } from "./version.ts";
import { Deadlines } from "./wire/deadlines.ts";

export interface AppInput {
  readonly config: PlatformConfig;
  /** Integration packages are looked for from here. */
  readonly baseDirectory: string;
  readonly log: PlatformLog;
}

/** A running platform. */
export interface App {
  readonly address: AddressInfo;
  /**
   * Takes no more calls, lets those in flight end, and lets go of everything.
   * @param drainMs how long calls in flight may go on
   */
  stop(drainMs: number): Promise<void>;
}

/** How long a server in production goes on accepting after it was told to stop, until balancers have noticed. */
const acceptMoreMs = 5_000;
const stopIntegrationsMs = 15_000;

/**
 * Puts the platform together and starts it, in the order in which the parts need each other.
 * @throws PlatformError when the store, the listener or the catalogue cannot be had; a failing integration is no reason
 */
export async function startApp({ config, baseDirectory, log }: AppInput): Promise<App> {
  const startedAtMs = Date.now();
  const state = { isReady: false, isStopping: false };

  const store = await openStore({ directory: config.data_dir, keepEvents: config.events.keep });
  const registry = createMetricRegistry();
  const metrics = createPlatformMetrics(registry);
  const processMetrics = createProcessMetrics(registry, metrics);
  const spool = await createSpool({
    directory: join(config.data_dir, "spool"),
    ledger: store.ledger,
    log,
    commitIntervalMs: config.ledger.commit_interval_ms,
    sync: config.ledger.sync,
  });

  const listener = createListener({
    host: config.server.host,
    port: config.server.port,
    maxConnections: config.server.max_connections,
    maxConnectionsPerAddress: config.server.max_connections_per_address,
    connections: metrics.connections.series(),
    log,
  });
  const authenticator = createAuthenticator({
    keys: toApiKeys(config),
    allowedHosts: config.server.allowed_hosts,
  });

  const holder: { manager?: Manager } = {};
  const directory = createModelDirectory({
    source: { platforms: () => (holder.manager === undefined ? [] : viewPlatforms(holder.manager)) },
    routing: config.routing,
    breaker: toGatewaySettings(config).breaker,
    log,
  });
  const recorder = createRecorder({
    sink: spool,
    prices: createPriceTable(toPrices(config)),
    metrics,
    reportTraffic: (name, outcome) => holder.manager?.reportTraffic(name, outcome),
  });
  const gateway = createGateway({
    directory,
    recorder,
    settings: toGatewaySettings(config),
    metrics,
    random: Math.random,
  });

  const inference: InferenceParts = {
    gateway,
    authenticator,
    log,
    deadlines: new Deadlines(),
    maxBodyBytes: config.gateway.max_body_bytes,
    headerHoldMs: config.gateway.header_hold_seconds * 1_000,
    heartbeatMs: config.gateway.heartbeat_seconds * 1_000,
  };
  const savedConfig = createSavedConfig(store.keyValues("platform"));
  const surfaces = createSurfaces({
    config,
    listener,
    inference,
    directory,
    registry,
    processMetrics,
    log,
    ledger: store.ledger,
    savedConfig,
    system: { version, dataDirectory: config.data_dir, startedAtMs, inFlight: () => gateway.inFlight },
    manager: () => requireManager(holder),
    events: {
      list: (filter) => store.events.list(filter),
      onEvent: (listen) => requireManager(holder).onEvent(listen),
    },
  });

  const definitions: readonly IntegrationDefinition[] = [...builtInIntegrations, ...surfaces.definitions];
  const known = new Set(definitions.map(({ id }) => id));
  const uses = config.integrations.map(({ use }) => use).filter((use) => !known.has(use));
  const catalogue = createCatalogue(definitions, await loadPackages({ uses, baseDirectory, log }));
  const manager = createManager({
    catalogue,
    log,
    logFor: (integration) => log.child({ integration }),
    events: store.events,
    host: createIntegrationHost({
      instruments: createInstrumentFactory(registry),
      directory: join(config.data_dir, "integrations"),
      keyValues: (integration) => store.keyValues(integration),
    }),
    clock: systemClock,
    random: Math.random,
  });
  holder.manager = manager;
  followIntegrations(manager, directory, metrics.activeModels);
  collectGauges({
    registry,
    metrics,
    version,
    integrations: () =>
      manager
        .list()
        .map((status) => ({
          ...status,
          restarts: status.restarts.total,
          provider: manager.running(status.name)?.models?.provider,
        })),
    breakers: () =>
      [...directory.snapshot.targets.values()].map((target) => ({
        ...pick(target),
        state: target.breaker.state(performance.now()),
      })),
    spool: () => spool.stats(),
  });

  listener.mount(
    createProbeMount({
      unreadiness: () => (state.isStopping ? "stopping" : state.isReady ? undefined : "starting"),
    }),
  );
  const address = await listener.listen();
  const configured = config.integrations.map((entry) =>
    withType(withModelFolders(entry, config.data_dir), catalogue.find(entry.use)),
  );
  const report = await manager.start(
    await Promise.all([...surfaces.configs, ...configured].map((each) => savedConfig.apply(each))),
  );
  for (const problem of report.problems) log.error("integrations.start_problem", { problem });
  await directory.refresh();
  state.isReady = true;
  log.info("platform.started", {
    url: `http://${formatHost(address)}:${address.port}`,
    models: directory.snapshot.models.length,
    took_ms: Date.now() - startedAtMs,
  });

  return {
    address,
    async stop(drainMs) {
      state.isStopping = true;
      if (config.environment === "production" || gateway.inFlight > 0)
        await sleep(Math.min(acceptMoreMs, drainMs));
      listener.close();
      await gateway.drain(drainMs);
      await manager.stop(stopIntegrationsMs);
      await listener.stop();
      gateway.stop();
      inference.deadlines.stop();
      await spool.close();
      await store.close();
      log.info("platform.stopped");
    },
  };
}

const systemClock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs: number, action: () => void) {
    const timer = setTimeout(action, delayMs);
    return () => clearTimeout(timer);
  },
};

function requireManager({ manager }: { readonly manager?: Manager }): Manager {
  if (manager === undefined) throw new Error("a surface was used before the manager was made");
  return manager;
}

function viewPlatforms(manager: Manager): readonly PlatformView[] {
  return manager
    .list()
    .filter(({ type, enabled }) => type === "model_platform" && enabled)
    .map(({ name, priority, state, reason }) => ({
      name,
      priority,
      platform: manager.running(name)?.models,
      absence: `The integration ${name} is ${state}${reason === null ? "." : `: ${reason}`}`,
    }));
}

/** Keeps the routing snapshot and the count of loaded models in step with the integrations. */
function followIntegrations(
  manager: Manager,
  directory: ModelDirectory,
  activeModels: ReturnType<typeof createPlatformMetrics>["activeModels"],
): void {
  manager.onChange(({ name, state }) => {
    directory.rebuild();
    if (state === "running") void directory.refresh(name);
  });
  manager.onEvent((event: PlatformEvent) => {
    if (event.type === "models.changed") void directory.refresh(event.integration);
    if (event.type.startsWith("model.")) void countLoaded(manager, event.integration, activeModels);
  });
}

async function countLoaded(
  manager: Manager,
  name: string,
  activeModels: ReturnType<typeof createPlatformMetrics>["activeModels"],
): Promise<void> {
  const platform = manager.running(name)?.models;
  const loaded = await platform?.loaded?.(AbortSignal.timeout(5_000)).catch(() => undefined);
  if (platform !== undefined && loaded !== undefined)
    activeModels.series(platform.provider).set(loaded.length);
}

function pick({ integration, model }: { readonly integration: string; readonly model: string }): {
  readonly integration: string;
  readonly model: string;
} {
  return { integration, model };
}

type ConfiguredIntegration = PlatformConfig["integrations"][number];

function withType(
  entry: ConfiguredIntegration,
  definition: IntegrationDefinition | undefined,
): IntegrationConfig {
  return { ...entry, type: entry.type ?? definition?.type ?? "service" };
}

/** Where the bundled models lie, seen from this file in a checkout as well as in its built form. */
const bundledModels = fileURLToPath(new URL("../../../models/demo", import.meta.url));

/** The local runtime also looks into the data folder, and offers the bundled models. */
function withModelFolders(entry: ConfiguredIntegration, dataDirectory: string): ConfiguredIntegration {
  if (entry.use !== "local") return entry;
  const listed = entry.settings["model_directories"];
  const own = Array.isArray(listed) ? listed : [];
  const extra = [join(dataDirectory, "models"), bundledModels].filter((folder) => existsSync(folder));
  return { ...entry, settings: { ...entry.settings, model_directories: [...own, ...extra] } };
}

function formatHost({ address, family }: AddressInfo): string {
  return family === "IPv6" ? `[${address}]` : address;
}
