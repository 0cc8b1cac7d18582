import { isDeepStrictEqual } from "node:util";
import {
  type IntegrationConfig,
  type IntegrationState,
  type Log,
  PlatformError,
  type RunningIntegration,
} from "@llm-platform/kit";
import { backOffDelayMs } from "../core/back-off.ts";
import { judgeProbe } from "../core/lifecycle.ts";
import type { Catalogue } from "./catalogue.ts";
import { describeFailure, findPlatformError } from "./failure.ts";
import type { Instance, InstanceParts } from "./instance.ts";
import { createLauncher, type Launcher } from "./launcher.ts";
import { LifeLedger } from "./life-ledger.ts";
import { createProbeLoop, type ProbeLoop, type ProbeRecord } from "./probe-loop.ts";
import { createRetryTimer, type RetryTimer } from "./retry-timer.ts";
import { type CheckedConfig, type ConfigPatch, checkConfig } from "./settings-check.ts";
import { createStateCell, type StateCell, type StateChange } from "./state-cell.ts";
import { createTurns } from "../core/turns.ts";
import { formatStatus, type IntegrationStatus, type TrafficOutcome } from "./status.ts";

/** What a supervisor is made of. */
export interface SupervisorParts extends InstanceParts {
  readonly catalogue: Catalogue;
  readonly log: Log;
  random(): number;
  /** Aborts when the platform waits for no stop any more. */
  readonly abandoned: AbortSignal;
  onStateChange(change: StateChange): void;
  /** Called when an instance is up, so that those who waited for it can start. */
  onUp(name: string): void;
}

/** Anything that holds an instance that can be asked. */
const upStates: readonly IntegrationState[] = ["running", "degraded", "auth_required"];

/**
 * Owns the life of one configured integration: at most one instance, its probes, tries and state.
 * Everything that starts or stops runs one after the other, in the order it was asked for.
 */
export class Supervisor {
  #config: IntegrationConfig;
  readonly #parts: SupervisorParts;
  readonly #cell: StateCell;
  readonly #retry: RetryTimer;
  readonly #launcher: Launcher;
  readonly #ledger = new LifeLedger();
  readonly #turns = createTurns();
  readonly #drains = new Set<Promise<void>>();
  #instance: Instance | undefined;
  #loop: ProbeLoop | undefined;
  #lastProbe: ProbeRecord | undefined;
  /** Why it can never start as configured. */
  #problem: string | undefined;
  #waitingFor: readonly string[] = [];
  #isClosing = false;
  /** Why a change that was made elsewhere is not in force. */
  configProblem: string | null = null;

  constructor(config: IntegrationConfig, parts: SupervisorParts) {
    this.#config = config;
    this.#parts = parts;
    this.#launcher = createLauncher(parts);
    this.#retry = createRetryTimer(parts.clock);
    this.#cell = createStateCell({
      name: config.name,
      secrets: parts.secrets,
      initial: config.enabled ? "stopped" : "disabled",
      nowMs: parts.clock.nowMs,
      onChange: parts.onStateChange,
    });
  }

  get config(): IntegrationConfig {
    return this.#config;
  }

  /** Names that are started before and stopped after it: the configured ones and the definition's own. */
  get dependencies(): readonly string[] {
    const byDefault = this.#parts.catalogue.find(this.#config.use)?.dependencies ?? [];
    return [...new Set([...this.#config.dependencies, ...byDefault])];
  }

  get state(): IntegrationState {
    return this.#cell.state;
  }

  /** The instance to send calls to: there is one in `running`, `degraded` and, often, `auth_required`. */
  get running(): RunningIntegration | undefined {
    return this.#instance?.running;
  }

  status(): IntegrationStatus {
    const { use } = this.#config;
    return formatStatus({
      config: this.#config,
      summary: this.#parts.catalogue.find(use)?.summary ?? "",
      dependencies: this.dependencies,
      cell: this.#cell,
      probe: this.#lastProbe,
      failures: this.#instance === undefined ? this.#ledger.failedStarts : this.#ledger.failedProbes,
      restartsInWindow: this.#ledger.restartsInWindow(this.#parts.clock.monotonicMs()),
      restartsTotal: this.#ledger.restartsTotal,
      retryDueMs: this.#retry.dueMs,
      waitingFor: this.#waitingFor,
      configProblem: this.configProblem,
    });
  }

  /** Notes why it can never start, or that it can again; it then goes to `error` instead of starting. */
  block(problem: string | undefined): void {
    this.#problem = problem;
  }

  /** Starts it if it waits for that. Resolves after the try, however it went. */
  wake(): Promise<void> {
    return this.#turns.take(async () => {
      if (this.#cell.state === "stopped") await this.#tryStart();
    });
  }

  /** Stops what runs and starts anew, with a clean record. Rejects with PlatformError `conflict` when disabled. */
  restart(): Promise<IntegrationStatus> {
    return this.#turns.take(async () => {
      await this.#rest();
      await this.#tryStart();
      return this.status();
    });
  }

  /** The first half of a restart: `wake` is the second. */
  rest(): Promise<void> {
    return this.#turns.take(() => this.#rest());
  }

  /**
   * Changes the configuration. New settings start a second instance, swap, and let the old one drain.
   * Rejects, and changes nothing, with PlatformError `config_invalid` (all problems at once) or with what
   * kept the new instance from working.
   */
  reconfigure(patch: ConfigPatch): Promise<IntegrationStatus> {
    return this.#turns.take(async () => {
      this.#refuseWhileClosing();
      const next: IntegrationConfig = { ...this.#config, ...patch };
      const checked = await checkConfig(next, this.#parts);
      this.#refuseWhileClosing();
      const hasNewSettings = !isDeepStrictEqual(next.settings, this.#config.settings);
      if (this.#instance !== undefined && next.enabled && hasNewSettings) await this.#swap(next, checked);
      this.#config = next;
      this.configProblem = null;
      this.#loop?.setInterval(next.health_check_interval * 1_000);
      if (!next.enabled) await this.#disable();
      else if (this.#instance === undefined) {
        this.#retry.cancel();
        this.#ledger.forgive();
        await this.#tryStart();
      }
      return this.status();
    });
  }

  /** Takes in how a live call went. Constant in cost; never starts a probe more often than the loop allows. */
  reportTraffic(outcome: TrafficOutcome): void {
    const { state } = this.#cell;
    if (!upStates.includes(state)) return;
    switch (outcome) {
      case "ok":
        if (state === "running") this.#ledger.failedProbes = 0;
        else this.#loop?.probeSoon();
        return;
      case "auth_failed":
        if (state !== "auth_required")
          this.#cell.move("auth_required", "The upstream refused the credential of a call.");
        return;
      case "failed":
        this.#loop?.probeSoon();
        return;
      case "rate_limited":
        return;
    }
  }

  /** From now on nothing is started. What is being started is given up. */
  close(): void {
    this.#isClosing = true;
    this.#retry.cancel();
    this.#launcher.giveUp(closingError(this.#config.name));
  }

  /** Closes, stops what runs and what still drains; calls in flight may go on for `drainMs`. Never rejects. */
  async stop(reason = "The platform stops.", drainMs = 0): Promise<void> {
    this.close();
    await this.#turns.take(async () => {
      this.#waitingFor = [];
      await this.#letGo(reason, drainMs);
      if (this.#cell.state !== "disabled") this.#cell.move("stopped", reason);
    });
    await Promise.all(this.#drains);
  }

  #refuseWhileClosing(): void {
    if (this.#isClosing) throw closingError(this.#config.name);
  }

  async #rest(): Promise<void> {
    this.#refuseWhileClosing();
    const { name, enabled } = this.#config;
    if (!enabled)
      throw new PlatformError("conflict", `${name} is disabled; enable it instead of restarting it.`);
    this.#retry.cancel();
    this.#ledger.forgive();
    this.#ledger.countRequestedRestart();
    await this.#letGo("A restart was asked for.", this.#parts.limits.restartDrainMs);
    this.#cell.move("stopped", "A restart was asked for.");
  }

  async #tryStart(): Promise<void> {
    if (this.#isClosing || this.#instance !== undefined || !this.#config.enabled) return;
    this.#retry.cancel();
    this.#waitingFor = [];
    if (this.#problem !== undefined) return this.#cell.move("error", this.#problem);
    let checked: CheckedConfig;
    try {
      checked = await checkConfig(this.#config, this.#parts);
    } catch (error) {
      return this.#cell.move("error", describeFailure(this.#config.name, "start", error));
    }
    if (this.#isClosing) return;
    this.#waitingFor = this.dependencies.filter((name) => this.#parts.running(name) === undefined);
    if (this.#waitingFor.length > 0)
      return this.#cell.move("stopped", `Waits for ${this.#waitingFor.join(", ")}.`);
    this.#cell.move("starting", null);
    try {
      const instance = await this.#launch(this.#config, checked);
      this.#ledger.failedStarts = 0;
      this.#adopt(instance);
    } catch (error) {
      this.#failStart(error);
    }
  }

  #launch(config: IntegrationConfig, checked: CheckedConfig): Promise<Instance> {
    return this.#launcher.launch({ config, checked, dependencies: this.dependencies });
  }

  #adopt(instance: Instance): void {
    this.#instance = instance;
    this.#ledger.failedProbes = 0;
    if (this.#cell.state !== "running") this.#cell.move("running", null);
    this.#loop = createProbeLoop({
      clock: this.#parts.clock,
      random: this.#parts.random,
      intervalMs: this.#config.health_check_interval * 1_000,
      probe: instance.probe,
      onResult: (record) => this.#takeProbe(instance, record),
    });
    this.#loop.start();
    void instance.exited?.then((reason) => this.#replace(instance, reason));
    this.#parts.onUp(this.#config.name);
  }

  #failStart(error: unknown): void {
    const { name, retry_config } = this.#config;
    const reason = describeFailure(name, "start", error);
    const code = findPlatformError(error)?.code;
    if (code === undefined) this.#parts.log.warn("integration.start_threw", { name, error });
    if (this.#isClosing) {
      this.#cell.move("stopping", "The platform stops.");
      return this.#cell.move("stopped", "The platform stops.");
    }
    if (code === "config_invalid") return this.#cell.move("error", reason);
    this.#cell.move(code === "upstream_auth" ? "auth_required" : "retrying", reason);
    const longestMs = retry_config.max_backoff * 1_000;
    this.#planTry(code === "upstream_auth" ? longestMs : this.#backOffMs(this.#ledger.failedStarts));
    this.#ledger.failedStarts += 1;
  }

  #backOffMs(attempt: number): number {
    const { backoff_factor: factor, max_backoff } = this.#config.retry_config;
    return backOffDelayMs({
      attempt,
      factor,
      maxDelayMs: max_backoff * 1_000,
      random: this.#parts.random(),
    });
  }

  #planTry(delayMs: number): void {
    this.#retry.plan(delayMs, () => {
      void this.#turns.take(async () => {
        const isDue = this.#cell.state === "retrying" || this.#cell.state === "auth_required";
        if (!isDue || this.#retry.dueMs !== undefined) return;
        if (this.#launcher.hasOpenStart) this.#waitForOpenStart();
        else await this.#tryStart();
      });
    });
  }

  /** Never a second start beside one that has not returned: that could open everything twice. */
  #waitForOpenStart(): void {
    if (this.#isClosing) return;
    this.#cell.move(this.#cell.state, `${this.#config.name}: an earlier start has still not returned`);
    this.#planTry(this.#backOffMs(this.#ledger.failedStarts));
    this.#ledger.failedStarts += 1;
  }

  #takeProbe(instance: Instance, record: ProbeRecord): void {
    const { state } = this.#cell;
    if (instance !== this.#instance) return;
    this.#lastProbe = record;
    if (state !== "running" && state !== "degraded" && state !== "auth_required") return;
    const verdict = judgeProbe({
      state,
      failures: this.#ledger.failedProbes,
      status: record.status,
      maxRetries: this.#config.retry_config.max_retries,
    });
    this.#ledger.failedProbes = verdict.failures;
    this.#cell.move(verdict.state, record.status === "ok" ? null : (record.detail ?? null));
    if (!verdict.isRestartDue) return;
    const last = record.detail === undefined ? "" : ` The last one: ${record.detail}`;
    this.#replace(instance, `${verdict.failures} probes in a row failed.${last}`);
  }

  #replace(instance: Instance, because: string): void {
    void this.#turns.take(() => this.#restartFailed(instance, because));
  }

  async #restartFailed(instance: Instance, because: string): Promise<void> {
    if (instance !== this.#instance || this.#isClosing) return;
    const { name } = this.#config;
    const nowMs = this.#parts.clock.monotonicMs();
    await this.#letGo(`${name}: ${because}`, 0);
    if (this.#isClosing) return this.#cell.move("stopped", "The platform stops.");
    if (!this.#ledger.takeRestart(nowMs)) {
      const advice = "Find the cause, then restart it or change its configuration.";
      return this.#cell.move("error", `${name}: restarted too often in ten minutes. ${because} ${advice}`);
    }
    this.#cell.move("retrying", `${name}: is restarted. ${because}`);
    this.#planTry(this.#backOffMs(this.#ledger.restartsInWindow(nowMs) - 1));
  }

  /** Takes the instance, if there is one, out of service and stops it; leaves the state at `stopping`. */
  async #letGo(reason: string, drainMs: number): Promise<void> {
    const instance = this.#instance;
    if (instance === undefined) return;
    this.#loop?.stop();
    this.#loop = undefined;
    this.#instance = undefined;
    this.#cell.move("stopping", reason);
    await instance.stop(drainMs, this.#parts.abandoned);
  }

  async #disable(): Promise<void> {
    this.#retry.cancel();
    this.#waitingFor = [];
    this.#ledger.forgive();
    await this.#letGo("It was disabled.", this.#parts.limits.restartDrainMs);
    if (this.#cell.state !== "disabled") this.#cell.move("disabled", "It was disabled.");
  }

  /**
   * Starts an instance of `next` beside the old one. Where the old one is well the new one must be, too:
   * a probe that fails stops the new one and leaves everything as it was.
   */
  async #swap(next: IntegrationConfig, checked: CheckedConfig): Promise<void> {
    const isOldWell = this.#cell.state === "running";
    const fresh = await this.#launch(next, checked).catch((error: unknown) => {
      const reason = this.#parts.secrets.hide(describeFailure(next.name, "start", error));
      throw swapError(next.name, reason, error);
    });
    const health = isOldWell ? await fresh.probe() : undefined;
    if (health?.status === "failed" || health?.status === "auth_required" || this.#isClosing) {
      await fresh.stop(0, this.#parts.abandoned);
      throw swapError(next.name, health?.detail ?? "the platform stops", undefined);
    }
    const old = this.#instance;
    this.#loop?.stop();
    this.#config = next;
    this.#ledger.forgive();
    this.#adopt(fresh);
    if (old !== undefined) this.#drainInBackground(old);
  }

  #drainInBackground(old: Instance): void {
    const drain = old.stop(this.#parts.limits.drainMs, this.#parts.abandoned);
    this.#drains.add(drain);
    void drain.then(() => this.#drains.delete(drain));
  }
}

function closingError(name: string): PlatformError {
  return new PlatformError("shutting_down", `${name}: the platform stops.`);
}

function swapError(name: string, reason: string, cause: unknown): PlatformError {
  const message = `${name}: the new configuration does not work, the old one goes on: ${reason}`;
  return new PlatformError("conflict", message, { cause });
}
