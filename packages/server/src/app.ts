import { existsSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { builtInIntegrations } from "@llm-platform/integrations";
import type { IntegrationConfig, IntegrationDefinition, PlatformEvent } from "@llm-platform/kit";
import { createAuthenticator } from "./api/authenticate.ts";
import type { InferenceParts } from "./api/inference.ts";
import { createListener, type Listener } from "./api/listener.ts";
import { createProbeMount } from "./api/probes.ts";
import type { PlatformConfig } from "./config/schema.ts";
import { createPriceTable } from "./core/prices.ts";
import { createGateway, type Gateway } from "./gateway/gateway.ts";
import { createModelDirectory, type ModelDirectory, type PlatformView } from "./gateway/model-directory.ts";
import { createRecorder } from "./gateway/recorder.ts";
import { createIntegrationHost } from "./integration-host.ts";
import { type Catalogue, createCatalogue } from "./manager/catalogue.ts";
import { loadPackages } from "./manager/load-package.ts";
import { createManager, type Manager } from "./manager/manager.ts";
import { createSavedConfig } from "./saved-config.ts";
import { toApiKeys, toGatewaySettings, toPrices } from "./settings-of.ts";
import { createSpool } from "./store/spool.ts";
import type { Spool } from "./store/spool-port.ts";
import { openStore, type Store } from "./store/store.ts";
import { createSurfaces } from "./surfaces.ts";
import { collectGauges } from "./telemetry/collect.ts";
import { createInstrumentFactory } from "./telemetry/integration-instruments.ts";
import type { PlatformLog } from "./telemetry/log.ts";
import { createPlatformMetrics, type PlatformMetrics } from "./telemetry/platform-metrics.ts";
import { createProcessMetrics } from "./telemetry/process-metrics.ts";
import { createMetricRegistry, type MetricRegistry } from "./telemetry/registry.ts";
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
/** Calls are taken after this long even when an integration is still starting. */
const slowStartMs = 3_000;
const dayMs = 86_400_000;
const pruneEveryMs = 3_600_000;

/**
 * Puts the platform together and starts it, in the order in which the parts need each other.
 * @throws PlatformError when the store, the listener or the catalogue cannot be had; a failing integration is no reason
 */
export async function startApp(input: AppInput): Promise<App> {
  const foundation = await openFoundation(input);
  try {
    return await startOn(foundation, input);
  } catch (error) {
    await closeFoundation(foundation);
    throw error;
  }
}

/** What everything else stands on. */
interface Foundation {
  readonly startedAtMs: number;
  readonly store: Store;
  readonly spool: Spool;
  readonly registry: MetricRegistry;
  readonly metrics: PlatformMetrics;
}

async function openFoundation({ config, log }: AppInput): Promise<Foundation> {
  const startedAtMs = Date.now();
  const store = await openStore({ directory: config.data_dir, keepEvents: config.events.keep });
  const registry = createMetricRegistry();
  const spool = await createSpool({
    directory: join(config.data_dir, "spool"),
    ledger: store.ledger,
    log,
    commitIntervalMs: config.ledger.commit_interval_ms,
    sync: config.ledger.sync,
  });
  if (spool.recovery.interrupted > 0) log.warn("ledger.interrupted_calls", { ...spool.recovery });
  return { startedAtMs, store, spool, registry, metrics: createPlatformMetrics(registry) };
}

async function closeFoundation({ spool, store }: Foundation): Promise<void> {
  await spool.close();
  await store.close();
}

async function startOn(foundation: Foundation, { config, baseDirectory, log }: AppInput): Promise<App> {
  const { store, spool, registry, metrics } = foundation;
  const state = { isReady: false, isStopping: false };
  const holder: { manager?: Manager } = {};
  const manager = () => requireManager(holder);

  const settings = toGatewaySettings(config);
  const listener = await openListener(config, metrics);
  const directory = createModelDirectory({
    source: { platforms: () => (holder.manager === undefined ? [] : viewPlatforms(holder.manager)) },
    routing: config.routing,
    breaker: settings.breaker,
    log,
  });
  const recorder = createRecorder({
    sink: spool,
    prices: createPriceTable(toPrices(config)),
    metrics,
    reportTraffic: (name, outcome) => holder.manager?.reportTraffic(name, outcome),
  });
  const gateway = createGateway({ directory, recorder, settings, metrics, random: Math.random });
  const inference = toInferenceParts({ config, gateway, log });
  const savedConfig = createSavedConfig(store.keyValues("platform"));
  const surfaces = createSurfaces({
    config,
    listener,
    inference,
    directory,
    registry,
    processMetrics: createProcessMetrics(registry, metrics),
    log,
    ledger: store.ledger,
    savedConfig,
    system: {
      version,
      dataDirectory: config.data_dir,
      startedAtMs: foundation.startedAtMs,
      inFlight: () => gateway.inFlight,
    },
    manager,
    events: {
      list: (filter) => store.events.list(filter),
      onEvent: (listen) => manager().onEvent(listen),
    },
  });

  const catalogue = await openCatalogue([...builtInIntegrations, ...surfaces.definitions], {
    config,
    baseDirectory,
    log,
  });
  holder.manager = openManager(foundation, { catalogue, config, log });
  followIntegrations(holder.manager, directory, metrics.activeModels);
  observe(foundation, { manager: holder.manager, directory });

  const stopRetention = keepLedgerShort(store, config, log);
  const unreadiness = () => (state.isStopping ? "stopping" : state.isReady ? undefined : "starting");
  listener.mount(createProbeMount({ unreadiness }));
  const address = await listener.listen();
  const configured = config.integrations.map((entry) => toIntegrationConfig(entry, config, catalogue));
  const configs = await Promise.all(
    [...surfaces.configs, ...configured].map((each) => savedConfig.apply(each)),
  );
  const started = startIntegrations(holder.manager, { configs, directory, log });
  // One server that does not answer must not keep the others from being used.
  await Promise.race([started, sleep(slowStartMs, undefined, { ref: false })]);
  state.isReady = true;
  log.info("platform.started", {
    url: `http://${formatHost(address)}:${address.port}`,
    models: directory.snapshot.models.length,
    took_ms: Date.now() - foundation.startedAtMs,
  });

  return {
    address,
    async stop(drainMs) {
      state.isStopping = true;
      const isWatched = config.environment === "production" || gateway.inFlight > 0;
      if (isWatched) await sleep(Math.min(acceptMoreMs, drainMs));
      listener.close();
      await gateway.drain(drainMs);
      await manager().stop(stopIntegrationsMs);
      await listener.stop();
      stopRetention();
      gateway.stop();
      inference.deadlines.stop();
      await closeFoundation(foundation);
      log.info("platform.stopped");
    },
  };
}

/** Gives every integration its first try, and learns the models of those that are up. */
async function startIntegrations(
  manager: Manager,
  parts: {
    readonly configs: readonly IntegrationConfig[];
    readonly directory: ModelDirectory;
    readonly log: PlatformLog;
  },
): Promise<void> {
  const report = await manager.start(parts.configs);
  for (const problem of report.problems) parts.log.error("integrations.start_problem", { problem });
  await parts.directory.refresh();
}

function openListener({ server }: PlatformConfig, metrics: PlatformMetrics): Promise<Listener> {
  return createListener({
    host: server.host,
    port: server.port,
    maxConnections: server.max_connections,
    maxConnectionsPerAddress: server.max_connections_per_address,
    fastLane: server.fast_lane,
    connections: metrics.connections.series(),
    requests: {
      fast: metrics.httpRequests.series("fast"),
      node_http: metrics.httpRequests.series("node_http"),
    },
  });
}

function toInferenceParts(parts: {
  readonly config: PlatformConfig;
  readonly gateway: Gateway;
  readonly log: PlatformLog;
}): InferenceParts {
  const { config, gateway, log } = parts;
  return {
    gateway,
    authenticator: createAuthenticator({
      keys: toApiKeys(config),
      allowedHosts: config.server.allowed_hosts,
    }),
    log,
    deadlines: new Deadlines(),
    maxBodyBytes: config.gateway.max_body_bytes,
    headerHoldMs: config.gateway.header_hold_seconds * 1_000,
    heartbeatMs: config.gateway.heartbeat_seconds * 1_000,
  };
}

/** The definitions that come with the platform, and those of the packages that the configuration names. */
async function openCatalogue(
  definitions: readonly IntegrationDefinition[],
  { config, baseDirectory, log }: AppInput,
): Promise<Catalogue> {
  const known = new Set(definitions.map(({ id }) => id));
  const uses = config.integrations.map(({ use }) => use).filter((use) => !known.has(use));
  return createCatalogue(definitions, await loadPackages({ uses, baseDirectory, log }));
}

function openManager(
  { store, registry }: Foundation,
  parts: { readonly catalogue: Catalogue; readonly config: PlatformConfig; readonly log: PlatformLog },
): Manager {
  const { catalogue, config, log } = parts;
  return createManager({
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
}

/** Deletes ledger rows that are older than the configuration keeps them. The result ends that. */
function keepLedgerShort({ ledger }: Store, config: PlatformConfig, log: PlatformLog): () => void {
  const days = config.ledger.retention_days;
  if (days === undefined) return () => undefined;
  const prune = () => {
    ledger.deleteOlderThan(Date.now() - days * dayMs).then(
      (deleted) => log.info("ledger.pruned", { deleted }),
      (error: unknown) => log.warn("ledger.prune_failed", { error }),
    );
  };
  prune();
  const timer = setInterval(prune, pruneEveryMs);
  return () => clearInterval(timer);
}

/** Lets the gauges be read from where their truth is. */
function observe(
  { registry, metrics, spool }: Foundation,
  { manager, directory }: { readonly manager: Manager; readonly directory: ModelDirectory },
): void {
  const toObserved = (status: ReturnType<Manager["status"]>) => ({
    ...status,
    restarts: status.restarts.total,
    provider: manager.running(status.name)?.models?.provider,
  });
  collectGauges({
    registry,
    metrics,
    version,
    integrations: () => manager.list().map(toObserved),
    breakers: () =>
      [...directory.snapshot.targets.values()].map(({ integration, model, breaker }) => ({
        integration,
        model,
        state: breaker.state(performance.now()),
      })),
    spool: () => spool.stats(),
  });
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
  activeModels: PlatformMetrics["activeModels"],
): void {
  manager.onChange(({ name, state }) => {
    directory.rebuild();
    if (state === "running") void directory.refresh(name);
  });
  manager.onEvent((event: PlatformEvent) => {
    if (event.type === "integration.config_changed") directory.rebuild();
    if (event.type === "models.changed" || event.type === "integration.config_changed")
      void directory.refresh(event.integration);
    if (event.type.startsWith("model.")) void countLoaded(manager, event.integration, activeModels);
  });
}

async function countLoaded(
  manager: Manager,
  name: string,
  activeModels: PlatformMetrics["activeModels"],
): Promise<void> {
  const platform = manager.running(name)?.models;
  const loaded = await platform?.loaded?.(AbortSignal.timeout(5_000)).catch(() => undefined);
  if (platform !== undefined && loaded !== undefined)
    activeModels.series(platform.provider).set(loaded.length);
}

type ConfiguredIntegration = PlatformConfig["integrations"][number];

/** The kit's form of an entry, with what its definition and the data folder add to it. */
function toIntegrationConfig(
  entry: ConfiguredIntegration,
  config: PlatformConfig,
  catalogue: Catalogue,
): IntegrationConfig {
  const definition = catalogue.find(entry.use);
  return { ...withModelFolders(entry, config.data_dir), type: entry.type ?? definition?.type ?? "service" };
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
