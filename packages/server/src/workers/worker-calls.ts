import { mkdir } from "node:fs/promises";
import { createBudgetPrices } from "../core/budget-prices.ts";
import { KnownSecrets } from "../core/known-secrets.ts";
import { createPriceTable, type LivePriceTable } from "../core/prices.ts";
import { type FailureSink, isFailureLogged } from "../gateway/failure-log.ts";
import { createGateway, type Gateway } from "../gateway/gateway.ts";
import { LeasedLimits } from "../gateway/leased-limits.ts";
import { createModelDirectory, viewBreakers } from "../gateway/model-directory.ts";
import { noRecords } from "../gateway/no-records.ts";
import { createRecorder } from "../gateway/recorder.ts";
import { createRefusalLog } from "../gateway/refusal-log.ts";
import { type StartedGuard, startOverloadGuard } from "../gateway/start-overload-guard.ts";
import type { InstanceLock } from "../store/instance-lock.ts";
import { createSpool } from "../store/spool.ts";
import { holdWorkerSpool } from "../store/spool-leftovers.ts";
import type { Spool } from "../store/spool-port.ts";
import { collectCallGauges } from "../telemetry/collect.ts";
import { createPlatformMetrics, type PlatformMetrics } from "../telemetry/platform-metrics.ts";
import { createMetricRegistry, type MetricRegistry } from "../telemetry/registry.ts";
import { type ToldTracing, Tracing } from "../telemetry/tracing/tracing.ts";
import type { WorkerInput } from "./worker-input.ts";
import { createRelayedPlatforms } from "./relayed-platforms.ts";
import type { RoutingData } from "./routing-data.ts";
import { createRemoteLedger, type RemoteLedger } from "./remote-ledger.ts";
import { createTrafficReport } from "./traffic-report.ts";

/** The way of a call through a worker, from its admission to its record. */
export interface WorkerCalls {
  readonly registry: MetricRegistry;
  readonly metrics: PlatformMetrics;
  readonly ledger: RemoteLedger;
  readonly limits: LeasedLimits;
  readonly prices: LivePriceTable;
  /** Takes in what the first process knows now. Returns the names of models that can be served from here. */
  learn(data: RoutingData): ReadonlySet<string>;
  readonly gateway: Gateway;
  readonly guard: StartedGuard;
  /** What the first process says of the audit log. */
  noteAudit(isAccepting: boolean): void;
  /** How calls are traced from now on; undefined: not at all. */
  setTracing(told: ToldTracing | undefined): void;
  /** Says what ends the connections that carry no request, when memory gets short. */
  onTight(closeIdle: () => void): void;
  /** Brings what is left of the records to the ledger, and lets go. */
  close(): Promise<void>;
}

/** Rejects when the worker's spool cannot be had. */
export async function openWorkerCalls(input: WorkerInput): Promise<WorkerCalls> {
  const { start, log, send } = input;
  await mkdir(start.spoolDirectory, { recursive: true, mode: 0o700 });
  const lock = holdWorkerSpool(start.spoolDirectory);
  const ledger = createRemoteLedger(send);
  const spool = await createSpool({
    directory: start.spoolDirectory,
    ledger,
    log,
    ...start.settings.spool,
  });
  return createCalls(input, { ledger, spool, lock });
}

function createCalls(
  { start, log, logLevels, send }: WorkerInput,
  {
    ledger,
    spool,
    lock,
  }: { readonly ledger: RemoteLedger; readonly spool: Spool; readonly lock: InstanceLock },
): WorkerCalls {
  const { gateway: settings } = start.settings;
  const prices = createPriceTable(start.prices);
  const budgetPrices = createBudgetPrices({ prices, unknownPrice: settings.unknownPrice });
  const registry = createMetricRegistry();
  const metrics = createPlatformMetrics(registry);
  const relayed = createRelayedPlatforms((integration, session) =>
    metrics.upstreamTlsHandshakes.series(integration, session).add(),
  );
  const told = { routing: start.data.routing };
  const directory = createModelDirectory({
    source: relayed,
    routing: () => told.routing,
    breaker: settings.breaker,
    log,
  });
  // Calls of models that are not known here are the first process's, which lets them wait.
  directory.settle();
  const limits = new LeasedLimits({
    maxInFlight: settings.maxInFlight,
    ask: (asks) => send({ type: "asks", asks }),
    report: (reports) => send({ type: "holds", reports }),
    giveBack: (slots, round) => send({ type: "returned", slots, round }),
    giveUp: () => send({ type: "given_up" }),
  });
  // The first process bounds how many of all workers are kept.
  const refusals = createRefusalLog({
    write: async (calls) => send({ type: "refused", calls }),
    lost: metrics.requestLogLost.series(),
  });
  const recorder = createRecorder({
    refusals: start.settings.isRecording ? refusals : undefined,
    sink: start.settings.isRecording ? spool : noRecords,
    prices,
    budgetPrices,
    metrics,
    failures: tellFailures(logLevels, send),
    reportTraffic: createTrafficReport((traffic) => send({ type: "traffic", traffic })),
  });
  const tight: { closeIdle: () => void } = { closeIdle: () => undefined };
  const guard = startOverloadGuard({
    settings: settings.overload,
    metrics,
    closeIdle: () => tight.closeIdle(),
  });
  const tracing = createWorkerTracing(start, send);
  const random = Math.random;
  const auditState = { isAccepting: start.isAuditAccepting };
  const canRecord = () => auditState.isAccepting && !spool.isFull;
  const gateway = createGateway({
    directory,
    recorder,
    settings,
    metrics,
    tracing: tracing.state,
    canRecord,
    limits,
    budgetPrices,
    guard,
    random,
  });
  collectCallGauges({
    registry,
    metrics,
    breakers: () => viewBreakers(directory, performance.now()),
    spool: () => spool.stats(),
  });
  return {
    registry,
    metrics,
    ledger,
    limits,
    prices,
    learn({ platforms, routing, budgets }) {
      told.routing = routing;
      relayed.update(platforms);
      directory.rebuild();
      gateway.setBudgets(budgets);
      return relayed.servedNames(directory.snapshot);
    },
    gateway,
    guard,
    noteAudit(isAccepting) {
      auditState.isAccepting = isAccepting;
    },
    setTracing: tracing.set,
    onTight(closeIdle) {
      tight.closeIdle = closeIdle;
    },
    async close() {
      guard.stop();
      gateway.stop();
      tracing.state.current?.handOn();
      await refusals.close();
      await spool.close();
      relayed.stop();
      lock.release();
    },
  };
}

/** The first process knows the secrets that an upstream may have repeated, and writes the lines. */
function tellFailures(logLevels: WorkerInput["logLevels"], send: WorkerInput["send"]): FailureSink {
  return {
    isWanted: (integration) => isFailureLogged(logLevels, integration),
    note: (failure) => send({ type: "failed", failure }),
  };
}

/** Calls are traced as the first process says, and it gets their spans. */
function createWorkerTracing(start: WorkerInput["start"], send: WorkerInput["send"]) {
  const secrets = new KnownSecrets();
  const state = new Tracing(secrets);
  let turnOff: () => void = () => undefined;
  const set = (told: ToldTracing | undefined): void => {
    turnOff();
    if (told === undefined) return;
    secrets.learn(told.secrets);
    turnOff = state.turnOn(told.settings, {
      take: (spans) => send({ type: "spans", spans }, () => state.pieces.give(spans.bytes)),
      takeEvent: (event) => send({ type: "trace_event", event }),
    });
  };
  set(start.tracing);
  return { state, set };
}
