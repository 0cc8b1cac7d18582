import { isDeepStrictEqual } from "node:util";
import { type IntegrationConfig, type Log, toPlatformError } from "@llm-platform/kit";
import type { Manager } from "./manager/manager.ts";
import type { SavedConfig } from "./saved-config.ts";

export interface ConfigFollowerParts {
  readonly savedConfig: SavedConfig;
  readonly manager: Pick<Manager, "config" | "reconfigure" | "noteConfigProblem" | "publish">;
  readonly log: Log;
  /** When what failed is tried again. Default 30,000. */
  readonly retryAfterMs?: number;
}

/**
 * Brings integrations to the configuration that is saved for them, as if it had been changed here: another replica may
 * have changed it. One that does not work here leaves the old one running, is told, and is tried again.
 */
export interface ConfigFollower {
  /** Takes up what was saved since the configurations were read. To be called once the manager knows the integrations. */
  start(): void;
  /** Whether what is saved last for an integration does not work here. */
  readonly hasProblems: boolean;
  /** Resolves when nothing is under way. */
  stop(): Promise<void>;
}

const changeable = ["enabled", "priority", "settings", "health_check_interval", "retry_config"] as const;

export function createConfigFollower(parts: ConfigFollowerParts): ConfigFollower {
  const { savedConfig, manager, log, retryAfterMs = 30_000 } = parts;
  /** Names that are to be looked at. */
  const due = new Set<string>();
  const problems = new Map<string, string>();
  const state = { isStarted: false, isStopped: false };
  let running: Promise<void> | undefined;
  let retry: NodeJS.Timeout | undefined;

  savedConfig.onSaved((name) => {
    for (const each of name === undefined ? savedConfig.names() : [name]) due.add(each);
    look();
  });

  function look(): void {
    if (state.isStarted && !state.isStopped) running ??= lookAtAll().finally(() => (running = undefined));
  }

  async function lookAtAll(): Promise<void> {
    for (const name of due) {
      if (state.isStopped) return;
      // First: what is saved from here on is looked at once more.
      due.delete(name);
      await follow(name).then(
        () => noteSuccess(name),
        (error: unknown) => noteFailure(name, error),
      );
    }
    retryLater();
  }

  async function follow(name: string): Promise<void> {
    const wanted = await savedConfig.current(name);
    if (wanted === undefined) return;
    const patch = changesBetween(manager.config(name), wanted);
    const fields = Object.keys(patch);
    if (fields.length === 0) return;
    await manager.reconfigure(name, patch);
    log.info("integration.config_taken_over", { integration: name, fields });
  }

  function noteSuccess(name: string): void {
    if (problems.delete(name)) manager.noteConfigProblem(name, null);
  }

  function noteFailure(name: string, thrown: unknown): void {
    const error = toPlatformError(thrown);
    if (error.code === "shutting_down") return;
    if (problems.get(name) !== error.message) {
      log.error("integration.config_not_taken_over", { integration: name, error });
      manager.publish({
        integration: name,
        type: "integration.config_refused",
        data: { reason: error.message },
      });
    }
    problems.set(name, error.message);
    manager.noteConfigProblem(name, error.message);
  }

  function retryLater(): void {
    clearTimeout(retry);
    if (problems.size === 0 || state.isStopped) return;
    retry = setTimeout(() => {
      for (const name of problems.keys()) due.add(name);
      look();
    }, retryAfterMs).unref();
  }

  return {
    get hasProblems() {
      return problems.size > 0;
    },
    start() {
      state.isStarted = true;
      if (due.size > 0) look();
    },
    async stop() {
      state.isStopped = true;
      clearTimeout(retry);
      await running;
    },
  };
}

/** What has to change for one configuration to become the other. */
function changesBetween(
  now: IntegrationConfig,
  wanted: IntegrationConfig,
): Parameters<Manager["reconfigure"]>[1] {
  return Object.fromEntries(
    changeable
      .filter((member) => !isDeepStrictEqual(now[member], wanted[member]))
      .map((member) => [member, wanted[member]]),
  );
}
