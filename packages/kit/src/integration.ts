import type { AlertReceiver } from "./alerts.ts";
import type { Json, JsonObject } from "./chat.ts";
import type { IntegrationType } from "./config.ts";
import type { DashboardHost } from "./dashboards.ts";
import type { ServerDiscovery } from "./discovery.ts";
import type { Gpu } from "./gpu.ts";
import type { Health } from "./health.ts";
import type { Instruments, MetricDeclaration } from "./metrics.ts";
import type { ModelFiles } from "./model-files.ts";
import type { ModelHub } from "./model-hub.ts";
import type { ModelPlatform } from "./model-platform.ts";
import type { SettingsSchema } from "./settings.ts";
import type { FileServer } from "./file-part.ts";
import type { Upstream, UpstreamLimits } from "./upstream.ts";

/** Version of this contract; a literal in each definition. */
export const contractVersion = 1;

/** A log bound to one integration: an event name and fields. Secrets print as `[secret]`. */
export interface Log {
  debug(event: string, fields?: Readonly<Record<string, unknown>>): void;
  info(event: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(event: string, fields?: Readonly<Record<string, unknown>>): void;
  error(event: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** A control call. Not for the hot path: see `upstream`. */
export interface FetchOptions {
  readonly method?: "GET" | "POST" | "PUT" | "DELETE" | "HEAD";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Until the whole answer is read. Default 10,000; 0 means only `signal` ends it. */
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
  /** Issuers in PEM that an https server's certificate must come from. Default: those that Node trusts. */
  readonly certificateAuthorities?: string | undefined;
  /** What an https server is shown that wants to know its caller, in PEM. */
  readonly clientCertificate?: ClientCertificate | undefined;
  /** The name that an https server's certificate must be for. Default: the host of the address. */
  readonly serverName?: string | undefined;
  /** Whether an https server's certificate is taken as it is, whoever it comes from. Default false. */
  readonly isServerUnverified?: boolean | undefined;
}

/** A certificate, with those between it and its issuer where there are any, and its key; in PEM. */
export interface ClientCertificate {
  readonly certificate: string;
  readonly key: string;
}

/** A program that makes a credential, e.g. one that a kubeconfig names. */
export interface CredentialProgram {
  /** A name that is looked for in the `PATH`, or an absolute path. */
  readonly command: string;
  readonly arguments: readonly string[];
  /** In addition to the platform's own environment. */
  readonly environment: Readonly<Record<string, string>>;
}

/** A small store that belongs to one integration, kept over restarts. */
export interface KeyValues {
  get(key: string): Promise<Json | undefined>;
  /** Replaces the value. A key has at most 256 bytes, a value at most 64 KiB of JSON. */
  set(key: string, value: Json): Promise<void>;
  delete(key: string): Promise<void>;
}

/** What is known of a piece of work, by name. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** The whole door from an integration to the host. There is no other. */
export interface IntegrationContext<Settings> {
  /** Name of this instance. */
  readonly name: string;
  readonly settings: Settings;
  readonly log: Log;
  readonly metrics: Instruments;
  /** Aborted when the instance is to be let go, also while it starts. */
  readonly signal: AbortSignal;
  /** A folder of its own, made already, kept over restarts. */
  readonly dataDirectory: string;
  readonly keyValues: KeyValues;
  /**
   * Control calls (probes, lists), only to origins that stand in the settings; no redirect is followed.
   * Rejects with PlatformError: `forbidden` for another origin, `upstream_timeout` past the deadline,
   * `upstream_error` when the connection failed.
   */
  fetch(url: string, options?: FetchOptions): Promise<Response>;
  /**
   * Byte-level connections for model calls, under the same guard.
   * @param origin `http://host:port`, `https://host`, or `unix:/path/of/socket`
   */
  upstream(origin: string, limits?: UpstreamLimits): Upstream;
  /**
   * Connections for files, under the same guard: of an integration that knows repositories of models.
   * @param origin `http://host:port` or `https://host`
   */
  fileServer(origin: string): FileServer;
  /** The GPUs of this machine as their drivers tell now; none where no driver answers. Never rejects. */
  gpus(signal: AbortSignal): Promise<readonly Gpu[]>;
  /**
   * Runs a program, and resolves with what it printed: 1 MiB at most, within 8 s.
   * Rejects with PlatformError: `forbidden` for one that the configuration file does not allow in
   * `programs.credentials`, `unavailable` when it fails, `upstream_timeout` past its time.
   * From a process of its own none is run.
   */
  runCredentialProgram(program: CredentialProgram, signal: AbortSignal): Promise<string>;
  /**
   * Does work within a span of the platform's traces, in which what it asks over `fetch` belongs. Without tracing it is
   * done all the same. Rejects as the work does. From a process of its own, calls over `fetch` are spans beside it.
   * @param name of the span, of 128 characters at most; it should not differ from one time to the next
   * @param attributes 32 at most; names have 100 characters of ASCII at most, and what they tell must be no secret
   */
  span<Result>(name: string, action: () => Promise<Result>, attributes?: SpanAttributes): Promise<Result>;
  /** Tells everyone that something changed, e.g. `models.changed`. */
  emit(type: string, data?: JsonObject): void;
  /** A running integration that this one depends on, or undefined while it is not running. */
  dependency(name: string): RunningIntegration | undefined;
}

/** A started instance: the only thing that can be probed or stopped. */
export interface RunningIntegration {
  readonly models?: ModelPlatform;
  /** Repositories of models that can be searched and pulled from. */
  readonly hub?: ModelHub;
  readonly modelFiles?: ModelFiles;
  readonly dashboards?: DashboardHost;
  readonly alerts?: AlertReceiver;
  /** Only of what runs in the process of the host. */
  readonly discovery?: ServerDiscovery;
  /** A cheap probe that spends no tokens. Throwing counts as `failed`. The host gives it 5 s. */
  health(signal: AbortSignal): Promise<Health>;
  /** Lets go of everything that `start` opened. Called once. */
  stop(signal: AbortSignal): Promise<void>;
}

/** An inert description of an integration. Importing it does nothing. */
export interface IntegrationDefinition<Settings = unknown> {
  readonly contract: 1;
  /** Lower case with hyphens, unique: what `use:` names. */
  readonly id: string;
  readonly type: IntegrationType;
  /** One sentence for a person choosing it. */
  readonly summary: string;
  readonly settings: SettingsSchema<Settings>;
  readonly metrics?: readonly MetricDeclaration[];
  /** Names of integrations that it needs by default. */
  readonly dependencies?: readonly string[];
  /**
   * Addresses that stand in files which the settings name: they may be reached as those in the settings are. Asked before each
   * start; what it rejects with, the start rejects with. Only of what runs in the process of the host.
   */
  addresses?(settings: Settings): Promise<readonly string[]>;
  /**
   * Opens what the integration needs. Whatever it opened before failing it closes before failing.
   * The host gives it 10 s by default and aborts `context.signal` after that.
   */
  start(context: IntegrationContext<Settings>): Promise<RunningIntegration>;
}

/** Types a definition literal; returns it unchanged. */
export function defineIntegration<Settings>(
  definition: IntegrationDefinition<Settings>,
): IntegrationDefinition<Settings> {
  return definition;
}
