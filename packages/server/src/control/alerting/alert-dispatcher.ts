import { type AlertNotice, type AlertReceiver, type Log, toPlatformError } from "@llm-platform/kit";
import { backOffDelayMs } from "../../core/back-off.ts";
import type { Manager } from "../../manager/manager.ts";
import type { PlatformMetrics } from "../../telemetry/platform-metrics.ts";

export interface AlertDispatcherParts {
  manager(): Pick<Manager, "list" | "running" | "publish">;
  readonly metrics: Pick<PlatformMetrics, "alertDeliveries" | "alertDeliveryFailures">;
  readonly log: Log;
  /** Wall time. */
  nowMs(): number;
}

/** What became of a notification. */
export interface Delivery {
  readonly receiver: string;
  /** Null when it was taken. */
  readonly problem: string | null;
}

/** How one receiver fared on this server. */
export interface ReceiverRecord {
  readonly receiver: string;
  /** Whether it runs and takes alerts now. */
  readonly isThere: boolean;
  /** Whether it keeps silences. */
  readonly keepsSilences: boolean;
  /** Notifications that wait to be handed over again. */
  readonly waiting: number;
  /** Unix time; undefined before the first. */
  readonly takenAtMs: number | undefined;
  readonly failure: { readonly atMs: number; readonly problem: string } | undefined;
}

/** Hands alerts to every running integration that takes them. One that is away keeps no other waiting. */
export interface AlertDispatcher {
  /** Hands over what has changed, and later again what could not be. Never throws. */
  send(notices: readonly AlertNotice[]): void;
  /** Tells those that forget it what still fires. */
  repeat(firing: readonly AlertNotice[]): void;
  /** Hands one over now, and tells what each said. @param only the one receiver that is told; default all */
  deliver(notice: AlertNotice, signal: AbortSignal, only?: string): Promise<readonly Delivery[]>;
  /** Receivers that are there now, or were since the server started. */
  readonly records: readonly ReceiverRecord[];
  stop(): void;
}

const deliveryLimitMs = 10_000;
/** So many wait for a receiver that is away; the oldest go first. */
const mostWaiting = 1_000;
const retry = { factor: 2, maxDelayMs: 300_000 } as const;

interface Lane {
  waiting: readonly AlertNotice[];
  /** Tries in a row that failed. */
  failures: number;
  isBusy: boolean;
  timer: NodeJS.Timeout | undefined;
  takenAtMs: number | undefined;
  failure: ReceiverRecord["failure"];
}

export function createAlertDispatcher(parts: AlertDispatcherParts): AlertDispatcher {
  const { manager, metrics, log, nowMs } = parts;
  const stopping = new AbortController();
  const lanes = new Map<string, Lane>();

  function receivers(): readonly { readonly name: string; readonly alerts: AlertReceiver }[] {
    return manager()
      .list()
      .flatMap(({ name }) => {
        const alerts = manager().running(name)?.alerts;
        if (alerts === undefined) return [];
        // There before the first failure, so that a rate sees that one as well.
        metrics.alertDeliveryFailures.series(name);
        return [{ name, alerts }];
      });
  }

  function laneOf(name: string): Lane {
    const lane: Lane = lanes.get(name) ?? {
      waiting: [],
      failures: 0,
      isBusy: false,
      timer: undefined,
      takenAtMs: undefined,
      failure: undefined,
    };
    lanes.set(name, lane);
    return lane;
  }

  function push(name: string, notices: readonly AlertNotice[]): void {
    const lane = laneOf(name);
    lane.waiting = [...lane.waiting, ...notices].slice(-mostWaiting);
    if (!lane.isBusy && lane.timer === undefined) void work(name, lane);
  }

  async function work(name: string, lane: Lane): Promise<void> {
    lane.isBusy = true;
    while (lane.waiting.length > 0 && !stopping.signal.aborted) {
      const batch = lane.waiting;
      lane.waiting = [];
      const problem = await tryOnce(name, batch);
      if (problem === null) {
        lane.failures = 0;
        continue;
      }
      lane.waiting = [...batch, ...lane.waiting].slice(-mostWaiting);
      tryLater(name, lane, problem);
      break;
    }
    lane.isBusy = false;
  }

  /** What went wrong, in a sentence; null when it was taken. */
  async function tryOnce(
    name: string,
    notices: readonly AlertNotice[],
    signal: AbortSignal = stopping.signal,
  ): Promise<string | null> {
    const alerts = manager().running(name)?.alerts;
    try {
      if (alerts === undefined) throw new Error(`${name} is not running`);
      await alerts.deliver(notices, AbortSignal.any([signal, AbortSignal.timeout(deliveryLimitMs)]));
      metrics.alertDeliveries.series(name).add();
      laneOf(name).takenAtMs = nowMs();
      return null;
    } catch (error) {
      metrics.alertDeliveryFailures.series(name).add();
      const problem = alerts === undefined ? `${name} is not running.` : toPlatformError(error).message;
      laneOf(name).failure = { atMs: nowMs(), problem };
      return problem;
    }
  }

  function tryLater(name: string, lane: Lane, problem: string): void {
    if (stopping.signal.aborted) return;
    if (lane.failures === 0) {
      log.error("alert.delivery_failed", { receiver: name, problem, waiting: lane.waiting.length });
      manager().publish({ integration: name, type: "alert.delivery_failed", data: { problem } });
    }
    const delayMs = backOffDelayMs({ ...retry, attempt: lane.failures++, random: Math.random() });
    lane.timer = setTimeout(() => {
      lane.timer = undefined;
      void work(name, lane);
    }, delayMs).unref();
  }

  return {
    send(notices) {
      if (notices.length > 0) for (const { name } of receivers()) push(name, notices);
    },
    repeat(firing) {
      if (firing.length === 0) return;
      for (const { name, alerts } of receivers()) if (alerts.needsRepeats === true) push(name, firing);
    },
    deliver: (notice, signal, only) =>
      Promise.all(
        receivers()
          .filter(({ name }) => only === undefined || name === only)
          .map(async ({ name }) => ({
            receiver: name,
            problem: await tryOnce(name, [notice], AbortSignal.any([stopping.signal, signal])),
          })),
      ),
    get records() {
      const there = new Map(receivers().map(({ name, alerts }) => [name, alerts]));
      const listed = new Set(
        manager()
          .list()
          .map(({ name }) => name),
      );
      const known = [...lanes.keys()].filter((name) => listed.has(name));
      return [...new Set([...there.keys(), ...known])].map((receiver) => {
        const lane = lanes.get(receiver);
        return {
          receiver,
          isThere: there.has(receiver),
          keepsSilences: there.get(receiver)?.silence !== undefined,
          waiting: lane?.waiting.length ?? 0,
          takenAtMs: lane?.takenAtMs,
          failure: lane?.failure,
        };
      });
    },
    stop() {
      stopping.abort();
      for (const { timer } of lanes.values()) clearTimeout(timer);
    },
  };
}
