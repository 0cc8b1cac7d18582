import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JsonObject } from "../chat.ts";
import { PlatformError } from "../errors.ts";
import type { Gpu } from "../gpu.ts";
import type {
  CredentialProgram,
  IntegrationContext,
  IntegrationDefinition,
  KeyValues,
  RunningIntegration,
  SpanAttributes,
} from "../integration.ts";
import type { SettingsSchema, StandardIssue } from "../settings.ts";
import { createGuardedFetch } from "./guarded-fetch.ts";
import { createMemoryKeyValues } from "./memory-key-values.ts";
import { createNodeFileServer } from "./node-file-server.ts";
import { createNodeUpstream, type NodeUpstream } from "./node-upstream.ts";
import { createOriginGuard, secretsOf } from "./origin-guard.ts";
import { createRecordedLog, type LogRecord } from "./recorded-log.ts";
import { createRecordedMetrics, type RecordedMetrics } from "./recorded-metrics.ts";

export interface FakeHostInput<Settings> {
  readonly definition: IntegrationDefinition<Settings>;
  /** What a user would write; checked by the definition's schema. */
  readonly settings: unknown;
  /** Name of the instance. Default: the definition's id. */
  readonly name?: string;
  /** Running integrations that `context.dependency` finds. Default: none. */
  readonly dependencies?: Readonly<Record<string, RunningIntegration>>;
  /** GPUs that the machine is said to have, each time it is asked. Default: none. */
  readonly gpus?: () => readonly Gpu[];
  /** What programs that make credentials print. Default: none may be run. */
  readonly credentialProgram?: (program: CredentialProgram) => Promise<string>;
}

/** What an integration told everyone. */
export interface EmittedEvent {
  readonly type: string;
  readonly data: JsonObject;
}

/** A span of work that is over. */
export interface EndedSpan {
  readonly name: string;
  readonly attributes: SpanAttributes;
  /** What the work rejected with. */
  readonly error: unknown;
}

/** A host for one instance, for tests: real connections, everything else in memory and readable. */
export interface FakeHost<Settings> {
  readonly context: IntegrationContext<Settings>;
  readonly logs: readonly LogRecord[];
  readonly events: readonly EmittedEvent[];
  readonly spans: readonly EndedSpan[];
  readonly metrics: RecordedMetrics;
  readonly keyValues: KeyValues;
  /** Every secret of the settings, revealed, to look for where it must not be. */
  readonly secrets: readonly string[];
  /** Connections to upstreams that are open now. */
  readonly openConnections: number;
  /** Starts the integration. May be called again after `stop` of the earlier one. */
  start(): Promise<RunningIntegration>;
  /** Aborts the context's signal. */
  abort(reason?: unknown): void;
  /** Aborts, closes all connections and removes the data folder. It stops no running instance. */
  cleanup(): Promise<void>;
}

/**
 * Makes a host for one instance of a definition.
 * Rejects with PlatformError `config_invalid`, all problems listed, when the schema refuses the settings.
 */
export async function createFakeHost<Settings>(input: FakeHostInput<Settings>): Promise<FakeHost<Settings>> {
  const { definition } = input;
  const settings = await validateSettings(definition.settings, input.settings);
  const dataDirectory = await mkdtemp(join(tmpdir(), "llmp-"));
  const controller = new AbortController();
  const guard = createOriginGuard(
    [input.settings, settings, await definition.addresses?.(settings)],
    dataDirectory,
  );
  const { log, records: logs } = createRecordedLog();
  const { instruments, recorded: metrics } = createRecordedMetrics(definition.metrics ?? []);
  const keyValues = createMemoryKeyValues();
  const events: EmittedEvent[] = [];
  const spans: EndedSpan[] = [];
  const upstreams: NodeUpstream[] = [];

  const context: IntegrationContext<Settings> = {
    name: input.name ?? definition.id,
    settings,
    log,
    metrics: instruments,
    signal: controller.signal,
    dataDirectory,
    keyValues,
    fetch: createGuardedFetch(guard, controller.signal),
    upstream(origin, limits) {
      guard(origin);
      const upstream = createNodeUpstream(origin, limits);
      upstreams.push(upstream);
      return upstream;
    },
    fileServer(origin) {
      guard(origin);
      const upstream = createNodeUpstream(origin);
      upstreams.push(upstream);
      return createNodeFileServer(upstream);
    },
    gpus: async () => input.gpus?.() ?? [],
    async runCredentialProgram(program) {
      if (input.credentialProgram !== undefined) return input.credentialProgram(program);
      throw new PlatformError("forbidden", `The program ${program.command} may not be run.`);
    },
    async span(name, action, attributes = {}) {
      try {
        const result = await action();
        spans.push({ name, attributes, error: undefined });
        return result;
      } catch (error) {
        spans.push({ name, attributes, error });
        throw error;
      }
    },
    emit: (type, data = {}) => void events.push({ type, data }),
    dependency: (name) => input.dependencies?.[name],
  };
  return {
    context,
    logs,
    events,
    spans,
    metrics,
    keyValues,
    secrets: secretsOf(settings),
    get openConnections() {
      return upstreams.reduce((count, upstream) => count + upstream.openConnections, 0);
    },
    start: () => definition.start(context),
    abort: (reason = new PlatformError("shutting_down", "The host stops.")) => controller.abort(reason),
    async cleanup() {
      controller.abort(new PlatformError("shutting_down", "The host is gone."));
      for (const upstream of upstreams) upstream.close();
      await rm(dataDirectory, { recursive: true, force: true });
    },
  };
}

/** Checks settings as the host does. Rejects with PlatformError `config_invalid`, all problems listed. */
export async function validateSettings<Settings>(
  settings: SettingsSchema<Settings>,
  value: unknown,
): Promise<Settings> {
  const result = await settings.schema["~standard"].validate(value);
  if (result.issues === undefined) return result.value;
  const problems = result.issues.map((issue) => ({
    field: toField(issue),
    message: issue.message,
  }));
  const summary = problems.map(({ field, message }) => `${field}: ${message}`).join("; ");
  throw new PlatformError("config_invalid", `The settings are not valid: ${summary}`, { problems });
}

function toField(issue: StandardIssue): string {
  const keys = (issue.path ?? []).map((part) => (typeof part === "object" ? part.key : part));
  return ["settings", ...keys.map(String)].join(".");
}
