import type {
  CredentialProgram,
  FetchOptions,
  FileServer,
  Gpu,
  Instruments,
  IntegrationDefinition,
  JsonObject,
  KeyValues,
  Log,
  NetworkReach,
  PlatformEvent,
  SpanAttributes,
  Upstream,
  UpstreamLimits,
} from "@llm-platform/kit";
import type { KnownSecrets } from "../core/known-secrets.ts";
import type { Catalogue } from "./catalogue.ts";

/** Time as the manager sees it. */
export interface Clock {
  /** Wall time in milliseconds, for what people read. */
  nowMs(): number;
  /** Never goes back; for durations and limits. */
  monotonicMs(): number;
  /** Calls `action` once after `delayMs`; the result takes that back. */
  after(delayMs: number, action: () => void): () => void;
}

/** The durable, bounded log of events. */
export interface EventLog {
  /** Its time is that of the call. */
  append(event: EventDraft): Promise<PlatformEvent>;
}

export interface EventDraft {
  readonly integration: string;
  readonly type: string;
  readonly data: JsonObject;
}

/** For which attempt at a life the services are made. */
export interface HostInput {
  readonly name: string;
  readonly definition: IntegrationDefinition;
  /** Validated settings, and what the user wrote; origins that stand in either may be reached. */
  readonly settings: unknown;
  readonly writtenSettings: Readonly<Record<string, unknown>>;
  /** Where it may connect to; undefined for anywhere. */
  readonly network: NetworkReach | undefined;
  /** Aborted when the attempt is over; `fetch` ends with it. */
  readonly signal: AbortSignal;
}

/**
 * What one attempt at a life of an integration may use.
 * During a swap two of them exist for one name; what lasts (key-values, folder, series of metrics) they share.
 */
export interface HostServices {
  readonly metrics: Instruments;
  readonly keyValues: KeyValues;
  /** Made already. */
  readonly dataDirectory: string;
  fetch(url: string, options?: FetchOptions): Promise<Response>;
  upstream(origin: string, limits?: UpstreamLimits): Upstream;
  fileServer(origin: string): FileServer;
  gpus(signal: AbortSignal): Promise<readonly Gpu[]>;
  runCredentialProgram(program: CredentialProgram, signal: AbortSignal): Promise<string>;
  span<Result>(name: string, action: () => Promise<Result>, attributes?: SpanAttributes): Promise<Result>;
  /** Resolves when no call of this attempt is in flight on its upstreams, or when `signal` aborts. */
  whenIdle(signal: AbortSignal): Promise<void>;
  /** Closes every connection of the attempt. Called once. */
  release(): void;
}

/** Everything that the manager is made of; `app.ts` passes it in. */
export interface ManagerParts {
  readonly catalogue: Catalogue;
  readonly log: Log;
  /** A log whose lines carry the integration's name. */
  logFor(name: string): Log;
  readonly events: EventLog;
  host(input: HostInput): HostServices | Promise<HostServices>;
  /** Learns the secrets of every configuration, and takes them out of what integrations say. */
  readonly secrets: KnownSecrets;
  readonly clock: Clock;
  /** A number of [0, 1). */
  random(): number;
  /** Bounds of the steps of a life. */
  readonly limits?: Partial<StepLimits>;
}

/** How long the steps of a life may take, in milliseconds. */
export interface StepLimits {
  /** Default 10,000. */
  readonly startMs: number;
  /** Default 5,000. */
  readonly healthMs: number;
  /** Default 10,000. */
  readonly stopMs: number;
  /** How long calls in flight may go on after a swap. Default 300,000. */
  readonly drainMs: number;
  /** How long calls in flight may go on before a restart that a person asked for. Default 10,000. */
  readonly restartDrainMs: number;
}

export const defaultStepLimits: StepLimits = {
  startMs: 10_000,
  healthMs: 5_000,
  stopMs: 10_000,
  drainMs: 300_000,
  restartDrainMs: 10_000,
};
