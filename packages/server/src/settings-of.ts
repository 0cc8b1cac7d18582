import { hash } from "node:crypto";
import { availableParallelism } from "node:os";
import type { ApiKeyRecord } from "./api/authenticate.ts";
import type { InferenceSettings } from "./api/inference-parts.ts";
import type { PublicAddress } from "./api/public-origin.ts";
import type { TlsFiles } from "./api/tls-source.ts";
import { bundledPriceTerms } from "./bundled-prices.ts";
import { needsCallers } from "./config/bind-guard.ts";
import type { PlatformConfig } from "./config/schema.ts";
import type { ProviderSettings } from "./control/login/identity-provider.ts";
import { defaultBreakerSettings } from "./core/breaker.ts";
import { isUnlimited, type LimitValues } from "./core/limits.ts";
import type { PriceEntry, PriceTerms } from "./core/prices.ts";
import type { GatewaySettings } from "./gateway/settings.ts";
import type { RollupRetention } from "./store/rollup-horizon.ts";
import type { MasterKeys } from "./store/vault.ts";
import type { InternalAddresses, WorkerSettings } from "./workers/messages.ts";

const stuckClientTimeoutMs = 30_000;
const versionDigits = 12;

/** The gateway's part of the configuration, in its own units. */
export function toGatewaySettings(config: PlatformConfig): GatewaySettings {
  const { audit, gateway, limits, budgets, overload } = config;
  return {
    audit: audit.policy,
    maxInFlight: gateway.max_in_flight,
    firstByteTimeoutMs: gateway.first_byte_timeout_seconds * 1_000,
    requestTimeoutMs: gateway.request_timeout_seconds * 1_000,
    chunkTimeoutMs: gateway.chunk_timeout_seconds * 1_000,
    totalTimeoutMs: gateway.total_timeout_seconds * 1_000,
    finishGraceMs: gateway.finish_grace_seconds * 1_000,
    stuckClientTimeoutMs,
    maxRetries: gateway.max_retries,
    breaker: {
      ...defaultBreakerSettings,
      failures: gateway.breaker.failures,
      openMs: gateway.breaker.open_seconds * 1_000,
      maxOpenMs: gateway.breaker.max_open_seconds * 1_000,
    },
    limits: {
      key: toLimitValues(limits.default_key),
      user: toLimitValues(limits.default_user),
      address: toLimitValues(limits.default_address),
      global: toLimitValues(limits.global),
      models: Object.fromEntries(
        Object.entries(limits.models).map(([name, values]) => [name, toLimitValues(values)]),
      ),
      assumedOutputTokens: limits.assumed_output_tokens,
    },
    unknownPrice: budgets.unknown_price && {
      input: Math.round(budgets.unknown_price.input_per_million * 1_000_000),
      output: Math.round(budgets.unknown_price.output_per_million * 1_000_000),
    },
    queue: { size: limits.queue.size, waitMs: limits.queue.wait_seconds * 1_000 },
    overload: {
      closeConnectionsRatio: overload.close_connections_ratio,
      refuseRatio: overload.refuse_ratio,
      maxMemoryBytes: overload.max_memory_bytes,
      maxLoopDelayMs: overload.max_loop_delay_seconds * 1_000,
    },
  };
}

function toLimitValues(values: {
  readonly requests_per_minute?: number | undefined;
  readonly tokens_per_minute?: number | undefined;
  readonly max_concurrent?: number | undefined;
}): LimitValues {
  return {
    requestsPerMinute: values.requests_per_minute,
    tokensPerMinute: values.tokens_per_minute,
    maxConcurrent: values.max_concurrent,
  };
}

/** The keys that callers may use, by their hash. */
export function toApiKeys({ auth }: PlatformConfig): readonly ApiKeyRecord[] {
  return auth.api_keys.map(({ name, key, key_sha256, role, audit, capture_content, ...limits }) => ({
    name,
    role,
    policy: { audit, capturesContent: capture_content },
    sha256: key_sha256 ?? hash("sha256", key?.reveal() ?? ""),
    limits: toLimitValues(limits),
  }));
}

/** The master keys that the configuration gives. */
export function toMasterKeys({ secrets }: PlatformConfig): MasterKeys {
  return { current: secrets.master_key, previous: secrets.previous_master_keys ?? [] };
}

/** The providers whose users may call. */
export function toProviders({ auth }: Pick<PlatformConfig, "auth">): readonly ProviderSettings[] {
  return auth.oidc.map((entry) => ({
    name: entry.name,
    issuer: entry.issuer,
    audience: entry.audience,
    clientId: entry.client_id,
    clientSecret: entry.client_secret?.reveal(),
    groupsClaim: entry.groups_claim,
    roleMapping: entry.role_mapping,
    defaultRole: entry.default_role,
    teamMapping: entry.team_mapping,
    allowedEmailDomains: entry.allowed_email_domains,
  }));
}

/** How clients reach the server. */
export function toPublicAddress(config: PlatformConfig): PublicAddress {
  return { origin: config.server.public_url, isTls: toTlsFiles(config) !== undefined };
}

/** What every inference endpoint is told. */
export function toInferenceSettings(config: PlatformConfig): InferenceSettings {
  return {
    keys: toApiKeys(config),
    isGuarded: needsCallers(config),
    allowedHosts: config.server.allowed_hosts,
    address: toPublicAddress(config),
    maxBodyBytes: config.gateway.max_body_bytes,
    trustedProxies: config.server.trusted_proxies,
    countsAddresses: !isUnlimited(toLimitValues(config.limits.default_address)),
    headerHoldMs: config.gateway.header_hold_seconds * 1_000,
    heartbeatMs: config.gateway.heartbeat_seconds * 1_000,
  };
}

/** How the spool of each process writes. */
export function toSpoolSettings({ ledger }: PlatformConfig): WorkerSettings["spool"] {
  return { commitIntervalMs: ledger.commit_interval_ms, sync: ledger.sync };
}

/** For how long sums of the ledger are kept. */
export function toSumsRetention({ ledger }: PlatformConfig): RollupRetention {
  return { minuteDays: ledger.minute_sums_days, hourDays: ledger.hour_sums_days };
}

/** What every worker is told. */
export function toWorkerSettings(config: PlatformConfig, internal: InternalAddresses): WorkerSettings {
  return {
    logLevel: config.log.level,
    contentModels: config.content.models,
    gateway: toGatewaySettings(config),
    inference: toInferenceSettings(config),
    prices: toPrices(config),
    routing: config.routing,
    spool: toSpoolSettings(config),
    internal,
  };
}

/** How many workers there are to be: with `auto` one for each core, and none where there is but one. */
export function toWorkerCount({ server }: PlatformConfig): number {
  if (server.workers !== "auto") return server.workers;
  const cores = availableParallelism();
  return cores < 2 ? 0 : cores;
}

/** The prices, in the words of the price table: those that are configured, and those that come with the server. */
export function toPrices({ prices, bundled_prices }: PlatformConfig): readonly PriceEntry[] {
  const configured = prices.map((price) => ({
    integration: price.integration,
    model: price.model,
    inputPerMillion: price.input_per_million,
    outputPerMillion: price.output_per_million,
    cacheReadPerMillion: price.cache_read_per_million,
    cacheWritePerMillion: price.cache_write_per_million,
    currency: price.currency,
    effectiveFromMs: price.effective_from === undefined ? undefined : Date.parse(price.effective_from),
  }));
  return [
    ...configured.map((terms) => toPriceEntry("config", terms)),
    ...(bundled_prices ? bundledPriceTerms() : []).map((terms) => toPriceEntry("bundled", terms)),
  ];
}

/** The version is of the terms themselves: it outlives a restart, and changes with any of them. */
function toPriceEntry(source: PriceEntry["source"], terms: PriceTerms): PriceEntry {
  const version = `${source}:${hash("sha256", JSON.stringify(terms)).slice(0, versionDigits)}`;
  return { ...terms, source, version };
}

/** The files of the port's TLS; undefined when it speaks plain HTTP. */
export function toTlsFiles({ server: { tls } }: PlatformConfig): TlsFiles | undefined {
  if (tls.cert_file === undefined || tls.key_file === undefined) return undefined;
  return {
    certificate: tls.cert_file,
    key: tls.key_file,
    clientAuthorities: tls.client_ca_file,
    minVersion: `TLSv${tls.min_version}`,
  };
}
