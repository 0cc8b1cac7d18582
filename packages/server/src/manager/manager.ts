import {
  type IntegrationConfig,
  type IntegrationDefinition,
  type JsonObject,
  type PlatformEvent,
  PlatformError,
  type RunningIntegration,
} from "@llm-platform/kit";
import { formatStartProblem, planStart, type StartPlan } from "../core/start-order.ts";
import { createEventFeed } from "./event-feed.ts";
import { defaultStepLimits, type EventDraft, type ManagerParts } from "./ports.ts";
import { checkConfig, type ConfigPatch } from "./settings-check.ts";
import { requireDependencies, requireNoDependents } from "./membership.ts";
import type { StateChange } from "./state-cell.ts";
import type { IntegrationStatus, TrafficOutcome } from "./status.ts";
import { Supervisor, type SupervisorParts } from "./supervisor.ts";
import { type Trial, tryConfig } from "./trial.ts";

/** What became of each integration at its first try. */
export interface StartReport {
  /** In the order of the plan. */
  readonly statuses: readonly IntegrationStatus[];
  /** One sentence each: cycles, dependencies that do not exist, names used twice. */
  readonly problems: readonly string[];
}

/** Something that an integration can be. */
export interface Kind {
  readonly use: string;
  readonly definition: IntegrationDefinition;
}

/**
 * Starts, probes, restarts, reconfigures and stops every integration.
 *
 * One that fails takes nothing else with it: what depends on it waits until it is up. A dependency that
 * goes down later leaves its dependents running; they see it through `context.dependency`, which answers
 * undefined until it is back.
 */
export interface Manager {
  /**
   * Resolves when every integration has had its first try or waits for a dependency; never rejects because
   * one failed. Called once. When `signal` aborts, starts under way are given up and no more begin.
   */
  start(configs: readonly IntegrationConfig[], signal?: AbortSignal): Promise<StartReport>;
  /**
   * Stops everything, dependents first. Each stop is bounded and blamed by name; past `deadlineMs`
   * nothing is waited for. Never rejects.
   */
  stop(deadlineMs: number): Promise<void>;
  /** Every configured integration, in the order of the configuration. */
  list(): readonly IntegrationStatus[];
  /** Throws PlatformError `not_found`. */
  status(name: string): IntegrationStatus;
  /** The configuration as it is in force. Throws PlatformError `not_found`. */
  config(name: string): IntegrationConfig;
  /** JSON Schema of its settings as its definition has it; empty when there is no definition. Throws `not_found`. */
  settingsSchema(name: string): JsonObject;
  /** The instance that takes calls, or undefined while there is none. */
  running(name: string): RunningIntegration | undefined;
  /** Stops and starts one, with a clean record. Throws `not_found`, `conflict` (disabled), `shutting_down`. */
  restart(name: string): Promise<IntegrationStatus>;
  /** Restarts every enabled one: dependents are stopped and started around what they depend on. */
  restartAll(): Promise<readonly IntegrationStatus[]>;
  /**
   * Changes the configuration of one: validates, starts the new, swaps, drains and stops the old.
   * Throws `not_found`, `config_invalid` with all problems, or `conflict` when the new one does not work;
   * the old one then goes on.
   */
  reconfigure(name: string, patch: ConfigPatch): Promise<IntegrationStatus>;
  /**
   * Starts one with a changed configuration beside the instance that runs, probes it and stops it; changes nothing.
   * Throws `not_found`, `config_invalid` with all problems, or `conflict` for a surface, which can stand once only.
   */
  tryOut(name: string, patch: ConfigPatch): Promise<Trial>;
  /** The same of one that there is not yet. Throws as `check`, and `conflict` for a surface. */
  tryNew(config: IntegrationConfig): Promise<Trial>;
  /** Every definition, with the name by which a configuration uses it. */
  kinds(): readonly Kind[];
  /**
   * Whether one could be added: throws `conflict` for a name that is taken, `config_invalid` with all problems, and for
   * a dependency that there is not.
   */
  check(config: IntegrationConfig): Promise<void>;
  /** Adds one beside those that are there, and gives it its first try. Throws as `check`, and `shutting_down`. */
  add(config: IntegrationConfig): Promise<IntegrationStatus>;
  /** Whether one could be taken away: throws `not_found`, and `conflict` while others depend on it. */
  checkRemoval(name: string): void;
  /**
   * Takes one away: it gets no more calls from now on, those in flight may go on as after a swap. Throws as `checkRemoval`.
   * @returns a promise of when it has stopped, which never rejects
   */
  remove(name: string): { readonly whenGone: Promise<void> };
  /** Notes why a change that was made elsewhere is not in force here, for its status; null when it is. Throws `not_found`. */
  noteConfigProblem(name: string, problem: string | null): void;
  /** Takes in how a live call went. Cheap; an unknown name is ignored. */
  reportTraffic(name: string, outcome: TrafficOutcome): void;
  /** Appends an event that is of no state. Never throws: what cannot be made durable is logged. */
  publish(event: EventDraft): void;
  /** Calls `listener` with each change of a state, until the result is called. */
  onChange(listener: (change: StateChange) => void): () => void;
  /** Calls `listener` at once with each event that is published, durable or not, until the result is called. */
  onDraft(listener: (event: EventDraft) => void): () => void;
  /** Calls `listener` with each event that is appended, until the result is called. */
  onEvent(listener: (event: PlatformEvent) => void): () => void;
}

export function createManager(parts: ManagerParts): Manager {
  return new IntegrationManager(parts);
}

class IntegrationManager implements Manager {
  readonly #parts: ManagerParts;
  readonly #supervisors = new Map<string, Supervisor>();
  readonly #abandon = new AbortController();
  /** Those that were removed, while their last calls go on. */
  readonly #leaving = new Set<Promise<void>>();
  readonly #feed;
  #isClosing = false;
  #plan: StartPlan = { order: [], problems: [] };

  constructor(parts: ManagerParts) {
    this.#parts = parts;
    this.#feed = createEventFeed(parts);
  }

  async start(configs: readonly IntegrationConfig[], signal?: AbortSignal): Promise<StartReport> {
    const twice = this.#register(configs);
    this.#replan();
    const problems = [...twice, ...this.#plan.problems.map(formatStartProblem)];
    for (const problem of problems) this.#parts.log.error("integration.misconfigured", { reason: problem });
    const giveUp = (): void => this.#closeAll();
    signal?.addEventListener("abort", giveUp, { once: true });
    if (signal?.aborted === true) giveUp();
    try {
      await this.#inOrder(this.#names(), (one) => one.wake());
    } finally {
      signal?.removeEventListener("abort", giveUp);
    }
    return {
      statuses: this.#names().map((name) => this.status(name)),
      problems,
    };
  }

  async stop(deadlineMs: number): Promise<void> {
    this.#closeAll();
    const { promise: isOver, resolve } = Promise.withResolvers<void>();
    const cancelDeadline = this.#parts.clock.after(deadlineMs, () => {
      this.#abandonAll(deadlineMs);
      // What heeds the signal ends within this turn of the loop; the rest is left behind.
      setImmediate(resolve);
    });
    try {
      const all = Promise.all([this.#inReverse(this.#names(), (one) => one.stop()), ...this.#leaving]);
      await Promise.race([all, isOver]);
      await Promise.race([this.#feed.whenWritten(), isOver]);
    } finally {
      cancelDeadline();
    }
  }

  list(): readonly IntegrationStatus[] {
    return [...this.#supervisors.values()].map((one) => one.status());
  }

  status(name: string): IntegrationStatus {
    return this.#find(name).status();
  }

  config(name: string): IntegrationConfig {
    return this.#find(name).config;
  }

  settingsSchema(name: string): JsonObject {
    return this.#parts.catalogue.find(this.#find(name).config.use)?.settings.jsonSchema ?? {};
  }

  running(name: string): RunningIntegration | undefined {
    return this.#supervisors.get(name)?.running;
  }

  async restart(name: string): Promise<IntegrationStatus> {
    return this.#find(name).restart();
  }

  async restartAll(): Promise<readonly IntegrationStatus[]> {
    const names = this.#names().filter((name) => this.#supervisors.get(name)?.config.enabled);
    await this.#inReverse(names, (one) =>
      one.rest().catch((error: unknown) => {
        this.#parts.log.warn("integration.restart_refused", {
          integration: one.config.name,
          error,
        });
      }),
    );
    await this.#inOrder(names, (one) => one.wake());
    return this.list();
  }

  async reconfigure(name: string, patch: ConfigPatch): Promise<IntegrationStatus> {
    const status = await this.#find(name).reconfigure(patch);
    const fields = Object.keys(patch);
    this.#feed.publish({
      integration: name,
      type: "integration.config_changed",
      data: { fields },
    });
    return status;
  }

  async tryOut(name: string, patch: ConfigPatch): Promise<Trial> {
    const one = this.#find(name);
    return tryConfig({ ...one.config, ...patch }, one, this.#supervisorParts());
  }

  async tryNew(config: IntegrationConfig): Promise<Trial> {
    await this.check(config);
    return tryConfig(config, config, this.#supervisorParts());
  }

  kinds(): readonly Kind[] {
    const { catalogue } = this.#parts;
    return catalogue.names().flatMap((use) => {
      const definition = catalogue.find(use);
      return definition === undefined ? [] : [{ use, definition }];
    });
  }

  async check(config: IntegrationConfig): Promise<void> {
    this.#refuseTaken(config.name);
    requireDependencies(config, (name) => this.#supervisors.has(name));
    await checkConfig(config, this.#parts);
  }

  async add(config: IntegrationConfig): Promise<IntegrationStatus> {
    await this.check(config);
    // Another may have come first while this one was looked at.
    this.#refuseTaken(config.name);
    if (this.#isClosing) throw new PlatformError("shutting_down", "The platform stops.");
    const one = new Supervisor(config, this.#supervisorParts());
    this.#supervisors.set(config.name, one);
    this.#replan();
    this.#feed.publish({ integration: config.name, type: "integration.added", data: { use: config.use } });
    await one.wake();
    return one.status();
  }

  checkRemoval(name: string): void {
    this.#find(name);
    requireNoDependents(name, this.#supervisors.values());
  }

  remove(name: string): { readonly whenGone: Promise<void> } {
    this.checkRemoval(name);
    const one = this.#find(name);
    this.#supervisors.delete(name);
    this.#replan();
    const { drainMs } = { ...defaultStepLimits, ...this.#parts.limits };
    const leaving = one.stop("It was removed.", drainMs);
    this.#leaving.add(leaving);
    void leaving.then(() => this.#leaving.delete(leaving));
    this.#feed.publish({ integration: name, type: "integration.removed", data: {} });
    return { whenGone: leaving };
  }

  noteConfigProblem(name: string, problem: string | null): void {
    this.#find(name).configProblem = problem === null ? null : this.#parts.secrets.hide(problem);
  }

  reportTraffic(name: string, outcome: TrafficOutcome): void {
    this.#supervisors.get(name)?.reportTraffic(outcome);
  }

  publish(event: EventDraft): void {
    this.#feed.publish(event);
  }

  onChange(listener: (change: StateChange) => void): () => void {
    return this.#feed.onChange(listener);
  }

  onDraft(listener: (event: EventDraft) => void): () => void {
    return this.#feed.onDraft(listener);
  }

  onEvent(listener: (event: PlatformEvent) => void): () => void {
    return this.#feed.onEvent(listener);
  }

  #refuseTaken(name: string): void {
    if (this.#supervisors.has(name))
      throw new PlatformError("conflict", `There is an integration ${name} already. Choose another name.`, {
        field: "name",
      });
  }

  /** Works out anew who starts after whom, and who never can. */
  #replan(): void {
    this.#plan = planStart(
      [...this.#supervisors.values()].map(({ config, dependencies }) => ({
        ...config,
        dependencies,
      })),
    );
    const reasons = new Map(this.#plan.problems.map((each) => [each.name, formatStartProblem(each)]));
    for (const [name, one] of this.#supervisors) one.block(reasons.get(name));
  }

  /** Makes a supervisor for each configuration; returns a sentence for each name that was used before. */
  #register(configs: readonly IntegrationConfig[]): readonly string[] {
    const problems: string[] = [];
    for (const config of configs) {
      if (this.#supervisors.has(config.name)) {
        problems.push(
          `${config.name} is configured twice; the first one counts. Give each integration its own name.`,
        );
        continue;
      }
      this.#supervisors.set(config.name, new Supervisor(config, this.#supervisorParts()));
    }
    return problems;
  }

  #supervisorParts(): SupervisorParts {
    return {
      ...this.#parts,
      limits: { ...defaultStepLimits, ...this.#parts.limits },
      abandoned: this.#abandon.signal,
      running: (name) => this.running(name),
      publish: (event) => this.#feed.publish(event),
      onStateChange: (change) => this.#feed.publishChange(change),
      onUp: (name) => this.#wakeDependents(name),
    };
  }

  #find(name: string): Supervisor {
    const supervisor = this.#supervisors.get(name);
    if (supervisor !== undefined) return supervisor;
    const known = [...this.#supervisors.keys()].join(", ");
    throw new PlatformError("not_found", `There is no integration ${name}. There are: ${known}.`);
  }

  #names(): readonly string[] {
    return [...this.#plan.order, ...this.#plan.problems.map(({ name }) => name)];
  }

  #wakeDependents(name: string): void {
    for (const one of this.#supervisors.values()) {
      if (one.dependencies.includes(name)) void one.wake();
    }
  }

  #closeAll(): void {
    this.#isClosing = true;
    for (const one of this.#supervisors.values()) one.close();
  }

  #abandonAll(deadlineMs: number): void {
    for (const one of this.#supervisors.values()) {
      if (one.state === "stopped" || one.state === "disabled") continue;
      const reason = `${one.config.name}: stop did not finish within ${deadlineMs / 1_000} s`;
      this.#parts.log.error("integration.abandoned", {
        integration: one.config.name,
        reason,
      });
    }
    this.#abandon.abort(new PlatformError("shutting_down", "The time to stop is over."));
  }

  /** Acts on each name when it has acted on those that it depends on. */
  async #inOrder(names: readonly string[], act: (one: Supervisor) => Promise<void>): Promise<void> {
    const turns = new Map<string, Promise<void>>();
    for (const name of names) {
      const one = this.#find(name);
      const before = one.dependencies.flatMap((dependency) => turns.get(dependency) ?? []);
      turns.set(
        name,
        Promise.all(before).then(() => act(one)),
      );
    }
    await Promise.all(turns.values());
  }

  /** Acts on each name when it has acted on those that depend on it. */
  async #inReverse(names: readonly string[], act: (one: Supervisor) => Promise<void>): Promise<void> {
    const turns = new Map<string, Promise<void>>();
    for (const name of names.toReversed()) {
      const before = [...turns].filter(([other]) => this.#find(other).dependencies.includes(name));
      turns.set(
        name,
        Promise.all(before.map(([, turn]) => turn)).then(() => act(this.#find(name))),
      );
    }
    await Promise.all(turns.values());
  }
}
