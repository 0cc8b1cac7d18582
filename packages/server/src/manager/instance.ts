import {
  type Health,
  type IntegrationDefinition,
  type Log,
  type NetworkReach,
  PlatformError,
  type RunningIntegration,
} from "@llm-platform/kit";
import type { KnownSecrets } from "../core/known-secrets.ts";
import { runBounded } from "./bounded.ts";
import { createContext } from "./context.ts";
import { describeFailure, findPlatformError } from "./failure.ts";
import { isExiting } from "./isolated/exiting.ts";
import type { Clock, EventDraft, HostInput, HostServices, StepLimits } from "./ports.ts";

/** One started life of an integration, bounded and blamed by name. */
export interface Instance {
  readonly running: RunningIntegration;
  /** Resolves with one sentence when it ends by itself; absent where it cannot. */
  readonly exited: Promise<string> | undefined;
  /**
   * One probe. Never rejects: whatever goes wrong is a `failed`.
   * While an earlier probe has not returned, answers `failed` at once and asks the integration nothing.
   */
  probe(): Promise<Health>;
  /**
   * Waits up to `drainMs` for calls in flight, stops, and closes what the host lent.
   * Never rejects: a stop that fails or hangs is logged by name. A second call waits for the first.
   * Once `signal` aborts it waits for nothing more.
   */
  stop(drainMs: number, signal: AbortSignal): Promise<void>;
}

export interface InstanceInput {
  readonly name: string;
  readonly definition: IntegrationDefinition;
  /** Validated settings. */
  readonly settings: unknown;
  readonly writtenSettings: Readonly<Record<string, unknown>>;
  readonly network: NetworkReach | undefined;
  readonly dependencies: readonly string[];
  /** Gives up the start. */
  readonly signal: AbortSignal;
  /** Called right before the definition's `start` is. */
  onCalled(): void;
  /** Called when `start` has returned in whatever way and, if it returned too late, is stopped again. */
  onReturned(): void;
  readonly parts: InstanceParts;
}

/** What a life is made of. */
export interface InstanceParts {
  readonly secrets: KnownSecrets;
  readonly clock: Clock;
  readonly limits: StepLimits;
  logFor(name: string): Log;
  host(input: HostInput): HostServices | Promise<HostServices>;
  running(name: string): RunningIntegration | undefined;
  publish(event: EventDraft): void;
}

/**
 * Starts one life. Rejects with what `start` threw, or with PlatformError `unavailable` that names
 * the integration when it hangs. One that returns after that is stopped at once.
 */
export async function startInstance(input: InstanceInput): Promise<Instance> {
  const { name, definition, parts, onReturned } = input;
  const controller = new AbortController();
  const services = await lendServices(input, controller.signal);
  const letGo = (reason: unknown): void => {
    if (controller.signal.aborted) return;
    controller.abort(reason);
    services.release();
  };
  const log = parts.logFor(name);
  const context = createContext({
    ...input,
    ...parts,
    services,
    log,
    signal: controller.signal,
  });
  let hasReturned = false;
  try {
    input.signal.throwIfAborted();
    return await runBounded({
      clock: parts.clock,
      limitMs: parts.limits.startMs,
      what: `${name}: start`,
      signal: input.signal,
      async run() {
        input.onCalled();
        try {
          const running = checkRunning(name, await definition.start(context));
          return createInstance({ ...input, running, services, letGo });
        } finally {
          hasReturned = true;
        }
      },
      onLate(outcome) {
        if (outcome.status === "rejected") return onReturned();
        log.warn("integration.started_late", { name });
        void outcome.value.stop(0, new AbortController().signal).then(onReturned);
      },
    });
  } catch (error) {
    letGo(error);
    throw error;
  } finally {
    if (hasReturned) onReturned();
  }
}

async function lendServices(input: InstanceInput, signal: AbortSignal): Promise<HostServices> {
  const { name, definition, settings, writtenSettings, network } = input;
  return input.parts.host({
    name,
    definition,
    settings,
    writtenSettings,
    network,
    signal,
  });
}

interface LifeInput extends InstanceInput {
  readonly running: RunningIntegration;
  readonly services: HostServices;
  letGo(reason: unknown): void;
}

function createInstance(input: LifeInput): Instance {
  const { running } = input;
  const probe = createProbe(input);
  let stopping: Promise<void> | undefined;
  return {
    running,
    exited: isExiting(running) ? running.exited : undefined,
    probe,
    stop(drainMs, signal) {
      stopping ??= stopLife(input, drainMs, signal);
      return stopping;
    },
  };
}

function createProbe({ name, running, parts }: LifeInput): Instance["probe"] {
  const { clock, limits, secrets } = parts;
  const log = parts.logFor(name);
  let isOpen = false;

  function withoutSecrets(health: Health): Health {
    return health.detail === undefined ? health : { ...health, detail: secrets.hide(health.detail) };
  }

  async function ask(signal: AbortSignal): Promise<Health> {
    isOpen = true;
    try {
      return checkHealth(name, await running.health(signal));
    } finally {
      isOpen = false;
    }
  }

  return async () => {
    if (isOpen)
      return {
        status: "failed",
        detail: `${name}: an earlier health has still not returned`,
      };
    try {
      return withoutSecrets(
        await runBounded({
          clock,
          limitMs: limits.healthMs,
          what: `${name}: health`,
          run: ask,
        }),
      );
    } catch (error) {
      const known = findPlatformError(error);
      const isRefused = known?.code === "upstream_auth";
      if (known === undefined) log.warn("integration.health_threw", { name, error });
      return {
        status: isRefused ? "auth_required" : "failed",
        detail: secrets.hide(describeFailure(name, "health", error)),
      };
    }
  };
}

async function stopLife(input: LifeInput, drainMs: number, signal: AbortSignal): Promise<void> {
  const { name, running, services } = input;
  const { clock, limits } = input.parts;
  try {
    if (drainMs > 0) await drain(services, clock, { drainMs, signal });
    await runBounded({
      clock,
      limitMs: limits.stopMs,
      what: `${name}: stop`,
      signal,
      run: (stopSignal) => running.stop(stopSignal),
    });
  } catch (error) {
    const reason = describeFailure(name, "stop", error);
    input.parts.logFor(name).error("integration.stop_failed", { name, reason, error });
  }
  input.letGo(new PlatformError("shutting_down", `${name} is stopped.`));
}

interface DrainInput {
  readonly drainMs: number;
  readonly signal: AbortSignal;
}

async function drain(services: HostServices, clock: Clock, { drainMs, signal }: DrainInput): Promise<void> {
  const deadline = new AbortController();
  const cancel = clock.after(drainMs, () => deadline.abort());
  try {
    await services.whenIdle(AbortSignal.any([deadline.signal, signal]));
  } finally {
    cancel();
  }
}

/** A package may be plain JavaScript: what it returns is looked at once. */
function checkRunning(name: string, running: RunningIntegration | undefined): RunningIntegration {
  if (typeof running?.health === "function" && typeof running.stop === "function") return running;
  throw new PlatformError("config_invalid", `${name}: start returned no object with health and stop`);
}

function checkHealth(name: string, health: Health | undefined): Health {
  const isKnown =
    health !== undefined && ["ok", "degraded", "failed", "auth_required"].includes(health.status);
  return isKnown
    ? health
    : {
        status: "failed",
        detail: `${name}: health returned no status that the contract knows`,
      };
}
