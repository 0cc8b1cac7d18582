import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "@llm-platform/kit";
import type { Recovery } from "../store/spool-port.ts";
import { restartDelayMs } from "./restart-delay.ts";
import type { FromWorker, ToWorker, WorkerReport } from "./messages.ts";
import { spawnWorker, type WorkerExit, type WorkerProcess } from "./worker-process.ts";

export interface WorkerSlotParts {
  /** From 1. */
  readonly number: number;
  readonly log: Log;
  /** What a process is told first. Called when it can begin. */
  toStart(number: number): ToWorker;
  /** Hands what a process left behind to the ledger. */
  recover(number: number): Promise<Recovery>;
  /** Everything that is not the life of the process itself. */
  onMessage(message: FromWorker, from: WorkerProcess): void;
  onReport(report: WorkerReport): void;
  onReady(): void;
  /** A process is gone. @param wasTold whether it was told to go */
  onGone(process: WorkerProcess, wasTold: boolean): void;
}

export type WorkerState = "starting" | "ready" | "waiting" | "stopped";

/** Looks in a row that were not answered after which a process counts as hung, and as not to be dealt to. */
const mostMissed = 10;
const mostMissedForDeals = 2;
const recoverRetryMs = 1_000;

/** One place for a worker: a process after another, each replaced when it ends without being told to. */
export class WorkerSlot {
  readonly #parts: WorkerSlotParts;
  readonly #reports = new Map<number, (report: WorkerReport | undefined) => void>();
  #state: WorkerState = "starting";
  #process: WorkerProcess | undefined;
  #isTold = false;
  #isClosing = false;
  #isLeaving = false;
  #startedAtMs = 0;
  #quickDeaths = 0;
  #timer: NodeJS.Timeout | undefined;
  #missed = 0;
  #lastReport = 0;
  #recovered: Promise<void> = Promise.resolve();
  #onDrained: (() => void) | undefined;
  #onStopped: (() => void) | undefined;

  constructor(parts: WorkerSlotParts) {
    this.#parts = parts;
  }

  get state(): WorkerState {
    return this.#state;
  }

  /** The process that connections can be dealt to now. */
  get open(): WorkerProcess | undefined {
    const isOpen = this.#state === "ready" && !this.#isLeaving && this.#missed < mostMissedForDeals;
    return isOpen && !this.#isClosing ? this.#process : undefined;
  }

  start(): void {
    this.#state = "starting";
    this.#isTold = false;
    this.#isLeaving = false;
    this.#missed = 0;
    this.#startedAtMs = performance.now();
    const process = spawnWorker({
      onMessage: (message) => this.#onMessage(message),
      onExit: (how) => this.#onExit(how),
    });
    this.#process = process;
    // It loads its code while what the one before left is brought to the ledger.
    void this.#recovered.then(() => {
      if (this.#process !== process) return;
      process.send(this.#parts.toStart(this.#parts.number));
      this.#isTold = true;
    });
  }

  /** Sends to a process that was told what it starts with; one that was not will be told the newest. */
  send(message: ToWorker): void {
    if (this.#isTold) this.#process?.send(message);
  }

  /** Asks for a report. Resolves with undefined when the process ends instead. */
  ask(isWhole: boolean): Promise<WorkerReport | undefined> {
    if (this.#state !== "ready") return Promise.resolve(undefined);
    const id = ++this.#lastReport;
    return new Promise((resolve) => {
      this.#reports.set(id, resolve);
      this.send({ type: "report", id, isWhole });
    });
  }

  /** To be called in a steady beat: a process that leaves questions unanswered is hung, and is ended. */
  beat(): void {
    if (this.#state !== "ready") return;
    this.#missed = this.#reports.size === 0 ? 0 : this.#missed + 1;
    if (this.#missed < mostMissed) {
      void this.ask(false);
      return;
    }
    this.#parts.log.error("worker.hung", { worker: this.#parts.number, pid: this.#process?.id });
    this.#process?.kill();
  }

  /** From now on nothing is replaced. */
  close(): void {
    this.#isClosing = true;
    clearTimeout(this.#timer);
    if (this.#state === "waiting") this.#state = "stopped";
    this.send({ type: "close" });
  }

  /** Resolves when the calls in flight have ended, or the process has. */
  drain(deadlineMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#onDrained = resolve;
      if (this.#state !== "ready") resolve();
      else this.send({ type: "drain", deadlineMs });
    });
  }

  /** Resolves when the process is gone and all that it recorded is in the ledger. */
  async stop(limitMs: number): Promise<void> {
    this.close();
    const stopped = new Promise<void>((resolve) => {
      this.#onStopped = resolve;
      if (this.#process === undefined) resolve();
      else if (this.#state === "ready") this.send({ type: "stop" });
      else this.#process.kill();
    });
    const killing = setTimeout(() => this.#process?.kill(), limitMs);
    await stopped;
    clearTimeout(killing);
    await this.#recovered;
  }

  #onMessage(message: FromWorker): void {
    const process = this.#process;
    if (process === undefined) return;
    switch (message.type) {
      case "ready":
        this.#state = "ready";
        this.#parts.log.info("worker.ready", {
          worker: this.#parts.number,
          pid: process.id,
          took_ms: Math.round(performance.now() - this.#startedAtMs),
        });
        this.#parts.onReady();
        return;
      case "report": {
        this.#parts.onReport(message.report);
        this.#reports.get(message.id)?.(message.report);
        this.#reports.delete(message.id);
        return;
      }
      case "drained":
        this.#onDrained?.();
        return;
      case "leaving":
        this.#isLeaving = true;
        return;
      default:
        this.#parts.onMessage(message, process);
    }
  }

  #onExit({ code, signal }: WorkerExit): void {
    const process = this.#process;
    this.#process = undefined;
    this.#state = this.#isClosing ? "stopped" : "waiting";
    for (const resolve of this.#reports.values()) resolve(undefined);
    this.#reports.clear();
    this.#recovered = this.#recover();
    if (process !== undefined) this.#parts.onGone(process, this.#isClosing);
    this.#onDrained?.();
    this.#onStopped?.();
    if (this.#isClosing) return;
    const livedMs = performance.now() - this.#startedAtMs;
    const { delayMs, quickDeaths } = restartDelayMs(livedMs, this.#quickDeaths);
    this.#quickDeaths = quickDeaths;
    this.#parts.log.warn("worker.ended", {
      worker: this.#parts.number,
      pid: process?.id,
      code,
      signal,
      next_in_ms: delayMs,
    });
    if (delayMs === 0) this.start();
    else this.#timer = setTimeout(() => this.start(), delayMs);
  }

  async #recover(): Promise<void> {
    const { log, number } = this.#parts;
    for (;;) {
      try {
        const { interrupted } = await this.#parts.recover(number);
        if (interrupted > 0) log.warn("ledger.interrupted_calls", { worker: number, interrupted });
        return;
      } catch (error) {
        log.error("worker.recovery_failed", { worker: number, error });
        // What lies on disk is tried again, at the latest by the next start of the server.
        if (this.#isClosing) return;
      }
      await sleep(recoverRetryMs);
    }
  }
}
