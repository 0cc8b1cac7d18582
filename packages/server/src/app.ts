import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type IntegrationConfig, PlatformError } from "@llm-platform/kit";
import { createCallerReader } from "./api/client-address.ts";
import type { Listener } from "./api/listener.ts";
import { createProbeMount } from "./api/probes.ts";
import { createRefusalMount } from "./api/refuse-all.ts";
import { drain, openCallPath } from "./call-path.ts";
import type { LoadedConfig } from "./config/load.ts";
import type { PlatformConfig } from "./config/schema.ts";
import type { KnownSecrets } from "./core/known-secrets.ts";
import { type ConfigFollower, createConfigFollower } from "./config-follower.ts";
import { createFeeds } from "./feeds.ts";
import { closeFoundation, type Foundation, openFoundation } from "./foundation.ts";
import { shuttingDown } from "./gateway/admit.ts";
import { type ModelDirectory, viewBreakers } from "./gateway/model-directory.ts";
import type { IntegrationRoster } from "./integration-roster.ts";
import { createCaptureView, tellCapture } from "./content-capture.ts";
import { createLogin, offerSetup } from "./login.ts";
import type { Manager } from "./manager/manager.ts";
import { toUrl } from "./open-listener.ts";
import { openCatalogue, openManager } from "./open-manager.ts";
import { openTickets } from "./open-tickets.ts";
import { openRoster } from "./open-roster.ts";
import { openPulls } from "./open-pulls.ts";
import { followIntegrations, followOtherReplicas } from "./platform-views.ts";
import { openLogControl } from "./open-log-control.ts";
import { openWatch } from "./open-watch.ts";
import { createSavedConfig } from "./saved-config.ts";
import { beginUnsealed } from "./sealed-phase.ts";
import { createEventReader } from "./share-changes.ts";
import { createSettingView } from "./setting-view.ts";
import { createSurfaces } from "./surfaces.ts";
import { collectCallGauges, collectGauges } from "./telemetry/collect.ts";
import type { PlatformLog } from "./telemetry/log.ts";
import type { LogLevels } from "./telemetry/log-levels.ts";
import type { LogTap } from "./telemetry/log-tap.ts";
import type { Tracing } from "./telemetry/tracing/tracing.ts";
import type { WorkSpans } from "./telemetry/tracing/work-spans.ts";
import { createProcessMetrics } from "./telemetry/process-metrics.ts";
import { startUsageUpkeep, type UsageUpkeep } from "./usage-upkeep.ts";
import { version } from "./version.ts";

export interface AppInput {
  readonly config: PlatformConfig;
  /** Where each setting comes from. */
  readonly origins: LoadedConfig["origins"];
  /** The configuration file that was read, if there was one. */
  readonly file: string | undefined;
  /** Integration packages are looked for from here. */
  readonly baseDirectory: string;
  readonly log: PlatformLog;
  readonly logLevels: LogLevels;
  readonly logTap: LogTap;
  readonly tracing: Tracing;
  readonly workSpans: WorkSpans;
  /** What must not be shown; it grows with what is configured later. */
  readonly secrets: KnownSecrets;
  /** Tells whoever has started the server what must not be in a log. */
  tell(text: string): void;
  /** Aborted when the server is to stop, also while it starts. */
  readonly stopping: AbortSignal;
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

const stopIntegrationsMs = 15_000;
/** Calls are taken after this long even when an integration is still starting, counted from when the workers serve. */
const slowStartMs = 3_000;
/** For workers that do not come: this process serves without them then. */
const workerStartMs = 15_000;

/**
 * Puts the platform together and starts it, in the order in which the parts need each other.
 * @throws PlatformError when the store, the listener or the catalogue cannot be had; a failing integration is no reason
 */
export async function startApp(input: AppInput): Promise<App> {
  const foundation = await openFoundation(input);
  try {
    return await startOn(foundation, input);
  } catch (error) {
    await closeFoundation(foundation, input.log);
    throw error;
  }
}

async function startOn(foundation: Foundation, input: AppInput): Promise<App> {
  const { config, log } = input;
  const { store, registry, metrics, sharing, startedAtMs } = foundation;
  const readCaller = createCallerReader(config.server.trusted_proxies);
  const state = { isReady: false, isStopping: false };
  const holder: { manager?: Manager; roster?: IntegrationRoster } = {};
  const manager = () => requireMade(holder.manager);

  const unreadiness = () => reasonNotReady(state, store.vault.isSealed);
  const login = createLogin(config, { ...store, log });
  const path = await openCallPath(foundation, { ...input, login }, () => holder.manager);
  const { workers, listener, directory, gateway, inference } = path;
  const inFlight = () => gateway.inFlight + (workers?.inFlight ?? 0);
  const contentCapture = createCaptureView(config, store.identity);
  const savedConfig = createSavedConfig(store, log);
  const pulling = await openPulls(foundation, { config, directory, log, manager });
  const watch = openWatch({ ...foundation, config, log, manager });
  const askWorkers = async () => (await workers?.askAll()) ?? [];
  const events = createEventReader({ store, manager, bus: sharing.bus });
  const feeds = createFeeds({ ...foundation, ...pulling, events, directory, manager, askWorkers, log });
  const surfaces = createSurfaces({
    config,
    listener,
    inference,
    directory,
    processMetrics: createProcessMetrics(registry, metrics),
    askWorkers,
    log,
    logTap: input.logTap,
    ledger: store.ledger,
    requestLog: store.requestLog,
    usage: store.usage,
    prices: path.prices,
    budgets: path.budgets,
    routes: path.routes,
    identity: store.identity,
    auditTable: store.audit,
    ...foundation,
    auditLog: foundation.audit,
    readCaller,
    checkSeals: (heads) => store.checkSeals(heads),
    chain: store.chain,
    login,
    savedConfig,
    roster: () => requireMade(holder.roster),
    vault: store.vault,
    redis: sharing.redis,
    system: { version, dataDirectory: config.data_dir, startedAtMs, contentCapture, inFlight },
    ...(await openOverview(foundation, input)),
    manager,
    stopping: input.stopping,
    isServing: () => unreadiness() === undefined,
    events,
    feeds,
    pulls: pulling.pulls,
    pulling,
    tickets: openTickets(foundation, { login, config }),
    alerts: watch.alerts,
  });

  const catalogue = await openCatalogue(surfaces.definitions, input);
  holder.manager = openManager(foundation, { catalogue, ...input });
  const roster = openRoster(store, { ...input, surfaces, catalogue, savedConfig, manager });
  holder.roster = roster;
  const follower = createConfigFollower({ savedConfig, manager: holder.manager, log });
  observe(foundation, { manager: holder.manager, directory, follower });

  const upkeep = startUpkeep(foundation, input);
  const endRefusal = mountStart(listener, unreadiness);
  const address = await listener.listen();
  const url = toUrl(config, address);
  async function begin(): Promise<void> {
    if (state.isStopping) return;
    const first = startIntegrations(manager(), { configs: await roster.load(), directory, log });
    const serving = Promise.race([workers?.start(), sleep(workerStartMs, undefined, { ref: false })]);
    follower.start();
    // One server that does not answer must not keep the others from being used; a slow start of our own processes is no
    // sign of one.
    const patience = serving.then(() => sleep(slowStartMs, undefined, { ref: false }));
    await Promise.race([Promise.all([first, serving]), patience]);
    state.isReady = true;
    directory.settle();
    endRefusal();
    await pulling.pulls.begin();
    watch.start();
    log.info("platform.started", {
      url,
      models: directory.snapshot.models.length,
      took_ms: Date.now() - startedAtMs,
    });
    tellCapture(await contentCapture(), log);
    offerSetup(login, { url, ...input });
  }
  const begun = store.vault.isSealed
    ? beginUnsealed({ ...foundation, ...path, ...inference, readCaller, log, url }, begin)
    : begin();
  if (!store.vault.isSealed) await begun;

  return {
    address,
    async stop(drainMs) {
      state.isStopping = true;
      if (!store.vault.isSealed) await begun;
      // First of all, for calls in flight may go on for long.
      await Promise.all([drain(path, { config, drainMs }), sharing.leadership.resign()]);
      await Promise.all([watch.stop(), follower.stop(), roster.stop(), pulling.stop()]);
      // Integrations take their paths away.
      listener.mount(createRefusalMount(shuttingDown));
      await manager().stop(stopIntegrationsMs);
      await listener.stop();
      await workers?.stop();
      await Promise.all([upkeep.stop(), path.prices.keeper.stop(), path.budgets.stop()]);
      path.guard.stop();
      gateway.stop();
      await path.refusals.close();
      inference.deadlines.stop();
      login.stop();
      await closeFoundation(foundation, input.log);
      log.info("platform.stopped");
    },
  };
}

/** What the server says of itself as a whole, and how much it logs. */
async function openOverview(foundation: Foundation, input: AppInput) {
  const logControl = await openLogControl(foundation, input.log);
  const settings = createSettingView({ ...input, logControl });
  const { secrets, config } = input;
  return { logControl, overview: { ...foundation, secrets, settings, dataDirectory: config.data_dir } };
}

/** Undefined for a server that takes calls. */
function reasonNotReady(
  { isReady, isStopping }: { readonly isReady: boolean; readonly isStopping: boolean },
  isSealed: boolean,
): "stopping" | "sealed" | "starting" | undefined {
  if (isStopping) return "stopping";
  return isSealed ? "sealed" : isReady ? undefined : "starting";
}

/** Puts the probes in place, and what callers are told who come before what answers them; the result ends that. */
function mountStart(listener: Listener, unreadiness: () => string | undefined): () => void {
  const message = "The server is starting. Try again in a moment.";
  listener.mount(createProbeMount({ unreadiness }));
  return listener.mount(
    createRefusalMount(() => new PlatformError("unavailable", message, { retryAfterMs: 1_000 })),
  );
}

/** Does what there is to do for the ledger: where replicas share it, the one that leads. */
function startUpkeep(foundation: Foundation, { config, log }: AppInput): UsageUpkeep {
  const { store, sharing } = foundation;
  return startUsageUpkeep({
    ...foundation,
    isInCharge: () => !store.isShared || sharing.leadership.isLeader,
    sealEveryMs: config.ledger.seal_seconds * 1_000,
    retentionDays: config.ledger.retention_days,
    log,
  });
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

/** Lets the gauges be read from where their truth is, and the directory of models know what has changed. */
function observe(
  { registry, metrics, spool, sharing }: Foundation,
  {
    manager,
    directory,
    follower,
  }: { readonly manager: Manager; readonly directory: ModelDirectory; readonly follower: ConfigFollower },
): void {
  followIntegrations(manager, directory, metrics);
  followOtherReplicas(sharing.bus, directory);
  const toObserved = (status: ReturnType<Manager["status"]>) => ({
    ...status,
    restarts: status.restarts.total,
    provider: manager.running(status.name)?.models?.provider,
  });
  collectGauges({
    registry,
    metrics,
    version,
    isConfigurationCurrent: () => !follower.hasProblems,
    integrations: () => manager.list().map(toObserved),
  });
  collectCallGauges({
    registry,
    metrics,
    breakers: () => viewBreakers(directory, performance.now()),
    spool: () => spool.stats(),
  });
}

function requireMade<Part>(part: Part | undefined): Part {
  if (part === undefined) throw new Error("a surface was used before the manager was made");
  return part;
}
