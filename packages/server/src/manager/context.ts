import type { IntegrationContext, Log, RunningIntegration } from "@llm-platform/kit";
import type { EventDraft, HostServices } from "./ports.ts";

export interface ContextInput {
  readonly name: string;
  readonly settings: unknown;
  readonly services: HostServices;
  readonly signal: AbortSignal;
  readonly log: Log;
  /** Names that `context.dependency` answers for. */
  readonly dependencies: readonly string[];
  running(name: string): RunningIntegration | undefined;
  publish(event: EventDraft): void;
}

/** Makes the whole door from an integration to the host. After the signal has aborted it emits nothing more. */
export function createContext(input: ContextInput): IntegrationContext<unknown> {
  const { name, settings, services, signal, log, dependencies } = input;
  return {
    name,
    settings,
    log,
    metrics: services.metrics,
    signal,
    dataDirectory: services.dataDirectory,
    keyValues: services.keyValues,
    fetch: (url, options) => services.fetch(url, options),
    upstream: (origin, limits) => services.upstream(origin, limits),
    fileServer: (origin) => services.fileServer(origin),
    gpus: (one) => services.gpus(one),
    runCredentialProgram: (program, until) => services.runCredentialProgram(program, until),
    span: (spanName, action, attributes) => services.span(spanName, action, attributes),
    emit(type, data = {}) {
      if (!signal.aborted) input.publish({ integration: name, type, data });
    },
    dependency: (other) => (dependencies.includes(other) ? input.running(other) : undefined),
  };
}
