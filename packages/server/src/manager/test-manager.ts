import type { IntegrationConfig, PlatformEvent } from "@llm-platform/kit";
import {
  createFakeClock,
  createMemoryKeyValues,
  createRecordedLog,
  createRecordedMetrics,
  createScriptedIntegration,
  type FakeClock,
  type LogRecord,
  type ScriptedIntegration,
} from "@llm-platform/kit/testing";
import { KnownSecrets } from "../core/known-secrets.ts";
import { createCatalogue } from "./catalogue.ts";
import { createManager, type Manager } from "./manager.ts";
import type { ManagerParts } from "./ports.ts";

/** A manager for tests: the real one, on a clock that a test moves and integrations that a test scripts. */
export interface TestManager {
  readonly manager: Manager;
  readonly clock: FakeClock;
  readonly scripted: ScriptedIntegration;
  readonly events: readonly PlatformEvent[];
  readonly logs: readonly LogRecord[];
  /** Host services that are lent now. */
  readonly lent: number;
  /** Lets `whenIdle` of every host resolve; until then a drain takes as long as it may. */
  becomeIdle(): void;
  /** States that `name` went through, as the events tell. */
  statesOf(name: string): readonly string[];
}

export function createTestManager(changes: Partial<ManagerParts> = {}): TestManager {
  const clock = createFakeClock();
  const scripted = createScriptedIntegration();
  const { log, records: logs } = createRecordedLog();
  const events: PlatformEvent[] = [];
  const idle = Promise.withResolvers<void>();
  let lent = 0;
  const manager = createManager({
    catalogue: createCatalogue([scripted.definition]),
    secrets: new KnownSecrets(),
    log,
    logFor: () => log,
    events: {
      async append(draft) {
        const event = { ...draft, id: events.length + 1, time: new Date(clock.nowMs()).toISOString() };
        events.push(event);
        return event;
      },
    },
    host() {
      lent += 1;
      return {
        metrics: createRecordedMetrics([]).instruments,
        keyValues: createMemoryKeyValues(),
        gpus: async () => [],
        runCredentialProgram: () => Promise.reject(new Error("a scripted integration runs nothing")),
        span: (_name, action) => action(),
        dataDirectory: "/nowhere",
        fetch: () => Promise.reject(new Error("a scripted integration calls nobody")),
        upstream() {
          throw new Error("a scripted integration calls nobody");
        },
        fileServer() {
          throw new Error("a scripted integration fetches nothing");
        },
        whenIdle: (signal) => Promise.race([idle.promise, untilAborted(signal)]),
        release() {
          lent -= 1;
        },
      };
    },
    clock,
    random: () => 0,
    ...changes,
  });
  return {
    manager,
    clock,
    scripted,
    events,
    logs,
    get lent() {
      return lent;
    },
    becomeIdle: () => idle.resolve(),
    statesOf: (name) =>
      events
        .filter(({ integration, type }) => integration === name && type === "integration.state_changed")
        .map(({ data }) => String(data.to)),
  };
}

/** Configuration of one scripted instance. */
export function testConfig(name: string, changes: Partial<IntegrationConfig> = {}): IntegrationConfig {
  return {
    name,
    type: "service",
    use: "scripted",
    enabled: true,
    priority: 100,
    dependencies: [],
    settings: {},
    health_check_interval: 60,
    retry_config: { max_retries: 3, backoff_factor: 2, max_backoff: 300 },
    ...changes,
  };
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
