import { mkdir } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { type Log, toPlatformError } from "@llm-platform/kit";
import type { KeySource } from "../api/key-lookup.ts";
import type { Dealer } from "../api/listener.ts";
import type { KeyHolder } from "../core/identity.ts";
import type { LimitCounter } from "../core/limits.ts";
import type { PriceEntry } from "../core/price-terms.ts";
import type { CallLimits } from "../gateway/call-limits.ts";
import type { RefusalSink, TrafficOutcome } from "../gateway/recorder.ts";
import type { FailureSink } from "../gateway/failure-log.ts";
import { SharedLimits } from "../gateway/shared-limits.ts";
import type { AuditLog } from "../store/audit-log.ts";
import { workerSpoolFolder } from "../store/spool-leftovers.ts";
import type { SpoolLedger } from "../store/spool-port.ts";
import { recoverSpool } from "../store/spool-recovery.ts";
import type { PlatformMetrics } from "../telemetry/platform-metrics.ts";
import type { ProcessFigures } from "../telemetry/process-metrics.ts";
import type { MetricRegistry } from "../telemetry/registry.ts";
import type { LogLevels } from "../telemetry/log-levels.ts";
import type { Tracing } from "../telemetry/tracing/tracing.ts";
import { chooseProcess } from "./choose-process.ts";
import type { FromWorker, WorkerReport, WorkerSettings } from "./messages.ts";
import type { RoutingData } from "./routing-data.ts";
import type { WorkerProcess } from "./worker-process.ts";
import { WorkerSlot } from "./worker-slot.ts";

export interface WorkerPoolParts {
  readonly count: number;
  readonly maxInFlight: number;
  /** Of what all processes of this host use. */
  readonly counter: LimitCounter;
  /** Each worker has a folder of its own in it. */
  readonly spoolDirectory: string;
  readonly ledger: SpoolLedger;
  readonly keys: KeySource;
  readonly audit: Pick<AuditLog, "isAccepting" | "onAccepting">;
  readonly log: Log;
  readonly registry: MetricRegistry;
  readonly metrics: PlatformMetrics;
  readonly tracing: Tracing;
  readonly logLevels: LogLevels;
  readonly refusals: RefusalSink;
  readonly failures: FailureSink;
  reportTraffic(integration: string, outcome: TrafficOutcome): void;
}

/** What workers are told. */
export interface WorkerOrders {
  readonly settings: WorkerSettings;
  routingData(): RoutingData;
  prices(): readonly PriceEntry[];
}

/** The workers of this host, seen from the first process. */
export interface WorkerPool {
  /** The limits that this process and the workers share. */
  readonly limits: CallLimits;
  /** Deals each connection to the worker that has the fewest. */
  readonly dealer: Dealer;
  /** Calls in flight in workers, as they last told. */
  readonly inFlight: number;
  /** Starts the workers; resolves when each of them has been ready once. */
  start(orders: WorkerOrders): Promise<void>;
  /** What is routed by may have changed. */
  update(): void;
  /** Prices have changed. */
  updatePrices(): void;
  /** Takes in what the workers count now, and resolves soon with Node's figures of those that answered. */
  askAll(): Promise<readonly ProcessFigures[]>;
  /** Lets the calls in flight end, for so long. */
  drain(deadlineMs: number): Promise<void>;
  /** Resolves when every worker is gone, its records in the ledger. */
  stop(): Promise<void>;
}

const beatMs = 1_000;
const askLimitMs = 250;
/** Beyond the deadline of a drain, what calls that were ended get to say so. */
const lastWordsMs = 3_000;
const stopLimitMs = 10_000;

export function createWorkerPool(parts: WorkerPoolParts): WorkerPool {
  return new Pool(parts);
}

class Pool implements WorkerPool {
  readonly limits: SharedLimits<WorkerProcess>;
  readonly dealer: Dealer;
  readonly #parts: WorkerPoolParts;
  readonly #slots: WorkerSlot[] = [];
  readonly #inFlight = new Map<number, number>();
  #orders: WorkerOrders | undefined;
  #lastData = "";
  #beat: NodeJS.Timeout | undefined;

  constructor(parts: WorkerPoolParts) {
    this.#parts = parts;
    this.limits = new SharedLimits({
      maxInFlight: parts.maxInFlight,
      counter: parts.counter,
      holders: parts.count,
      lend: (worker, slots) => worker.send({ type: "lend", slots }),
      recall: (worker, recall) => worker.send({ type: "recall", ...recall }),
      answer: (worker, answers) => worker.send({ type: "answers", answers }),
      nowMs: () => performance.now(),
      after: (delayMs, action) => void setTimeout(action, delayMs).unref(),
    });
    this.dealer = {
      take: (socket, onClose, onReturned) => {
        const worker = chooseProcess(this.#slots.map(({ open }) => open));
        worker?.deal(socket, onClose, onReturned);
        return worker !== undefined;
      },
      letGo: () => {
        for (const slot of this.#slots) slot.send({ type: "let_go" });
      },
      close: () => {
        for (const slot of this.#slots) slot.close();
      },
      closeAll: () => {
        for (const slot of this.#slots) slot.send({ type: "close_all" });
      },
    };
    parts.keys.onChange((news) => {
      for (const slot of this.#slots) slot.send({ type: "identity", hasUsers: parts.keys.hasUsers, news });
    });
    parts.audit.onAccepting((isAccepting) => {
      for (const slot of this.#slots) slot.send({ type: "audit", isAccepting });
    });
    parts.tracing.onChange(() => {
      const { told } = parts.tracing;
      for (const slot of this.#slots) slot.send({ type: "tracing", told });
    });
    parts.logLevels.onChange((overrides) => {
      for (const slot of this.#slots) slot.send({ type: "log_levels", overrides });
    });
    parts.registry.onCollect(() => this.#countStates());
  }

  get inFlight(): number {
    return [...this.#inFlight.values()].reduce((sum, count) => sum + count, 0);
  }

  async start(orders: WorkerOrders): Promise<void> {
    this.#orders = orders;
    this.#lastData = JSON.stringify(orders.routingData());
    const ready: Promise<void>[] = [];
    for (let number = 1; number <= this.#parts.count; number++) {
      const first = Promise.withResolvers<void>();
      ready.push(first.promise);
      this.#slots.push(this.#createSlot(number, orders, first.resolve));
    }
    for (const slot of this.#slots) slot.start();
    this.#beat = setInterval(() => {
      for (const slot of this.#slots) slot.beat();
    }, beatMs);
    await Promise.all(ready);
  }

  update(): void {
    if (this.#orders === undefined) return;
    const data = this.#orders.routingData();
    const text = JSON.stringify(data);
    if (text === this.#lastData) return;
    this.#lastData = text;
    for (const slot of this.#slots) slot.send({ type: "data", data });
  }

  updatePrices(): void {
    const prices = this.#orders?.prices();
    if (prices !== undefined) for (const slot of this.#slots) slot.send({ type: "prices", prices });
  }

  async askAll(): Promise<readonly ProcessFigures[]> {
    const late = sleep(askLimitMs, undefined, { ref: false });
    const reports = await Promise.all(this.#slots.map((slot) => Promise.race([slot.ask(true), late])));
    return reports.flatMap((report) => (report?.process === undefined ? [] : [report.process]));
  }

  async drain(deadlineMs: number): Promise<void> {
    const late = sleep(deadlineMs + lastWordsMs, undefined, { ref: false });
    await Promise.all(this.#slots.map((slot) => Promise.race([slot.drain(deadlineMs), late])));
  }

  async stop(): Promise<void> {
    clearInterval(this.#beat);
    await Promise.all(this.#slots.map((slot) => slot.stop(stopLimitMs)));
  }

  #createSlot(
    number: number,
    { settings, routingData, prices }: WorkerOrders,
    onReady: () => void,
  ): WorkerSlot {
    const { log, ledger, spoolDirectory, registry, metrics } = this.#parts;
    const source = `worker-${number}`;
    const folder = workerSpoolFolder(spoolDirectory, number);
    return new WorkerSlot({
      number,
      log,
      toStart: () => ({
        type: "start",
        number,
        spoolDirectory: folder,
        settings,
        data: routingData(),
        prices: prices(),
        hasUsers: this.#parts.keys.hasUsers,
        isAuditAccepting: this.#parts.audit.isAccepting,
        tracing: this.#parts.tracing.told,
        logLevels: this.#parts.logLevels.overrides(Date.now()),
      }),
      recover: async () => {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        return recoverSpool(folder, ledger);
      },
      onMessage: (message, from) => this.#onMessage(message, from),
      onReport: (report) => this.#onReport(number, report),
      onReady,
      onGone: (process, wasTold) => {
        this.limits.drop(process);
        registry.retireForeign(source);
        this.#inFlight.delete(number);
        if (!wasTold) metrics.workerRestarts.series().add();
      },
    });
  }

  #onReport(number: number, { inFlight, series }: WorkerReport): void {
    this.#inFlight.set(number, inFlight);
    this.#parts.registry.setForeign(`worker-${number}`, series);
  }

  #onMessage(message: FromWorker, from: WorkerProcess): void {
    const { ledger, reportTraffic } = this.#parts;
    switch (message.type) {
      case "taken":
        from.onTaken(message.id);
        return;
      case "closed":
        from.onClosed(message.ids);
        return;
      case "asks":
        this.limits.onAsks(from, message.asks);
        return;
      case "holds":
        this.limits.onReports(from, message.reports);
        return;
      case "returned":
        this.limits.onReturned(from, message.slots, message.round);
        return;
      case "given_up":
        this.limits.onGivenUp(from);
        return;
      case "find_key":
        void this.#find(from, message.id, this.#parts.keys.findKey(message.sha256));
        return;
      case "find_token":
        void this.#find(from, message.id, this.#parts.keys.findToken(message.token));
        return;
      case "insert":
        void this.#store(from, message.id, () => ledger.insertMany(message.records));
        return;
      case "make_durable":
        void this.#store(from, message.id, () => ledger.makeDurable());
        return;
      case "refused":
        for (const call of message.calls) this.#parts.refusals.note(call);
        return;
      case "failed":
        this.#parts.failures.note(message.failure);
        return;
      case "spans":
        this.#parts.tracing.current?.taker.take(message.spans);
        return;
      case "trace_event":
        this.#parts.tracing.current?.taker.takeEvent(message.event);
        return;
      case "traffic":
        for (const { integration, outcome } of message.traffic) reportTraffic(integration, outcome);
        return;
      default:
    }
  }

  async #find(from: WorkerProcess, id: number, finding: Promise<KeyHolder | undefined>): Promise<void> {
    try {
      const holder = await finding;
      from.send({ type: "key_found", id, holder, error: undefined });
    } catch (thrown) {
      const { code, message } = toPlatformError(thrown);
      from.send({ type: "key_found", id, holder: undefined, error: { code, message } });
    }
  }

  async #store(from: WorkerProcess, id: number, action: () => void | Promise<void>): Promise<void> {
    try {
      await action();
      from.send({ type: "stored", id, error: undefined });
    } catch (thrown) {
      const { code, message } = toPlatformError(thrown);
      from.send({ type: "stored", id, error: { code, message } });
    }
  }

  #countStates(): void {
    const { workers } = this.#parts.metrics;
    for (const state of ["starting", "ready", "waiting"] as const)
      workers.series(state).set(this.#slots.filter((slot) => slot.state === state).length);
  }
}
