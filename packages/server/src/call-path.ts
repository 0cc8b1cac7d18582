import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import type { InferenceParts } from "./api/inference.ts";
import { createInferenceParts } from "./api/inference-parts.ts";
import type { Listener } from "./api/listener.ts";
import { type BudgetBook, openBudgetBook } from "./budget-book.ts";
import type { PlatformConfig } from "./config/schema.ts";
import { toContentStage } from "./content-capture.ts";
import { createBudgetPrices } from "./core/budget-prices.ts";
import type { KnownSecrets } from "./core/known-secrets.ts";
import type { Foundation } from "./foundation.ts";
import { createLocalLimits } from "./gateway/call-limits.ts";
import { createFailureLog } from "./gateway/failure-log.ts";
import { DemandTable } from "./gateway/demand-table.ts";
import { createGateway, type Gateway, type GatewayParts } from "./gateway/gateway.ts";
import { noRecords } from "./gateway/no-records.ts";
import { createModelDirectory, type ModelDirectory } from "./gateway/model-directory.ts";
import { createRecorder, type RecorderParts } from "./gateway/recorder.ts";
import { createRefusalLog, type RefusalLog } from "./gateway/refusal-log.ts";
import { type StartedGuard, startOverloadGuard } from "./gateway/start-overload-guard.ts";
import type { Login } from "./login.ts";
import type { Manager } from "./manager/manager.ts";
import { openListener } from "./open-listener.ts";
import { viewPlatforms } from "./platform-views.ts";
import { openPriceBook, type PriceBook } from "./price-book.ts";
import { openRouteBook, type RouteBook, type RouteBookParts } from "./route-book.ts";
import { toGatewaySettings, toInferenceSettings } from "./settings-of.ts";
import type { PlatformLog } from "./telemetry/log.ts";
import { createWorkerHost, type WorkerHost } from "./worker-host.ts";

export interface CallPathInput {
  readonly config: PlatformConfig;
  readonly log: PlatformLog;
  readonly secrets: KnownSecrets;
  readonly login: Login;
}

/** How long a server in production goes on accepting after it was told to stop, until balancers have noticed. */
const acceptMoreMs = 5_000;

/** The way of a model call, from the port to its record. */
export interface CallPath {
  /** Undefined where this process serves everything itself. */
  readonly workers: WorkerHost | undefined;
  readonly guard: StartedGuard;
  readonly listener: Listener;
  readonly directory: ModelDirectory;
  readonly gateway: Gateway;
  readonly refusals: RefusalLog;
  readonly inference: InferenceParts;
  readonly prices: PriceBook;
  readonly budgets: BudgetBook;
  readonly routes: RouteBook;
}

/** Rejects with PlatformError `unavailable`. */
export async function openCallPath(
  foundation: Foundation,
  { config, log, secrets, login }: CallPathInput,
  manager: () => Manager | undefined,
): Promise<CallPath> {
  const { store, audit, registry, metrics, sharing, tracing, logLevels } = foundation;
  const settings = toGatewaySettings(config);
  const reportTraffic: RecorderParts["reportTraffic"] = (name, outcome) =>
    manager()?.reportTraffic(name, outcome);
  const book = await openPriceBook(config, { store, log });
  const { prices } = book;
  const { budgets, routes } = await openNamesAndBudgets(foundation, { config, log, manager });
  const counter = new DemandTable(sharing.limits, budgets.counter);
  const refusals = openRefusals(foundation);
  const failures = createFailureLog({ log, logLevels, secrets });
  const workers = createWorkerHost({
    config,
    refusals,
    failures,
    counter,
    ledger: store.ledger,
    audit,
    keys: login.callers,
    prices,
    registry,
    metrics,
    tracing,
    logLevels,
    log,
    reportTraffic,
  });
  const guard = startOverloadGuard({
    settings: settings.overload,
    metrics,
    closeIdle: () => listener.closeIdle(),
  });
  const isTight = () => guard.isTight;
  const listener = await openListener({ config, metrics, log, dealer: workers?.dealer, isTight });
  const source = { platforms: () => viewPlatforms(manager()) };
  const directory = createModelDirectory({
    source,
    routing: () => routes.routing,
    breaker: settings.breaker,
    log,
  });
  directory.onChange(() => workers?.update());
  routes.onChange(() => directory.rebuild());
  book.keeper.onChange(() => workers?.updatePrices());
  const budgetPrices = createBudgetPrices({ prices, unknownPrice: settings.unknownPrice });
  const gateway = createCallGateway(foundation, {
    config,
    directory,
    settings,
    prices,
    budgetPrices,
    reportTraffic,
    refusals: config.ledger.enabled ? refusals : undefined,
    failures,
    guard,
    limits: workers?.limits ?? createLocalLimits(settings.maxInFlight, counter),
  });
  followBudgets(budgets, gateway, workers);
  await workers?.open({ listener, directory, platforms: source.platforms, budgets: () => budgets.budgets });
  return {
    workers,
    guard,
    listener,
    directory,
    gateway,
    refusals,
    prices: book,
    budgets,
    routes,
    inference: createInferenceParts(toInferenceSettings(config), { gateway, log, keySource: login.callers }),
  };
}

/** What operators set while the server runs, which tells of itself in events. */
async function openNamesAndBudgets(
  foundation: Foundation,
  { config, log, manager }: Pick<CallPathInput, "config" | "log"> & { manager(): Manager | undefined },
): Promise<{ readonly budgets: BudgetBook; readonly routes: RouteBook }> {
  const publish: RouteBookParts["publish"] = (event) => manager()?.publish(event);
  const routes = await openRouteBook({ ...foundation, configured: config.routing, log, publish });
  const isRecording = config.ledger.enabled;
  const budgets = await openBudgetBook({ ...foundation, isRecording, log, nowMs: Date.now, publish });
  return { budgets, routes };
}

function openRefusals({ store, metrics }: Foundation): RefusalLog {
  return createRefusalLog({
    write: (calls) => store.requestLog.addRefused(calls),
    lost: metrics.requestLogLost.series(),
  });
}

function createCallGateway(
  { spool, audit, content, metrics, tracing }: Foundation,
  parts: Pick<GatewayParts, "directory" | "settings" | "budgetPrices" | "guard" | "limits"> &
    Pick<RecorderParts, "prices" | "reportTraffic" | "refusals" | "failures"> & {
      readonly config: PlatformConfig;
    },
): Gateway {
  const { config, directory, settings, prices, budgetPrices, reportTraffic, refusals, failures } = parts;
  return createGateway({
    directory,
    recorder: createRecorder({
      sink: config.ledger.enabled ? spool : noRecords,
      prices,
      budgetPrices,
      metrics,
      refusals,
      failures,
      reportTraffic,
    }),
    settings,
    metrics,
    tracing,
    canRecord: () => audit.isAccepting && !spool.isFull,
    content: toContentStage(config, content),
    limits: parts.limits,
    budgetPrices,
    guard: parts.guard,
    random: Math.random,
  });
}

/** Lets changes of budgets bite on the next call. */
function followBudgets(budgets: BudgetBook, gateway: Gateway, workers: WorkerHost | undefined): void {
  gateway.setBudgets(budgets.budgets);
  budgets.onChange((changed) => {
    gateway.setBudgets(changed);
    workers?.update();
  });
}

/** Lets connections go, then takes no more of them, and lets the calls in flight end. */
export async function drain(
  { workers, listener, gateway }: CallPath,
  { config, drainMs }: { readonly config: PlatformConfig; readonly drainMs: number },
): Promise<void> {
  listener.letGo();
  await workers?.askAll();
  const inFlight = gateway.inFlight + (workers?.inFlight ?? 0);
  const isWatched = config.environment === "production" || inFlight > 0;
  if (isWatched) await sleep(Math.min(acceptMoreMs, drainMs));
  // Connections are accepted right before this turn: the fewest wait that the system would reset.
  await setImmediate();
  listener.close();
  await Promise.all([gateway.drain(drainMs), workers?.drain(drainMs)]);
}
