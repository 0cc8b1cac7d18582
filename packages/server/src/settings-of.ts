import { hash } from "node:crypto";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { PlatformError } from "@llm-platform/kit";
import type { ApiKeyRecord } from "./api/authenticate.ts";
import type { InferenceSettings } from "./api/inference-parts.ts";
import type { PublicAddress } from "./api/public-origin.ts";
import type { TlsFiles } from "./api/tls-source.ts";
import { bundledPriceTerms } from "./bundled-prices.ts";
import { needsCallers } from "./config/bind-guard.ts";
import type { PlatformConfig } from "./config/schema.ts";
import type { ProviderSettings } from "./control/login/identity-provider.ts";
import { toPriceEntry } from "./control/price-version.ts";
import { defaultBreakerSettings } from "./core/breaker.ts";
import { parseDatabaseUrl } from "./core/database-url.ts";
import { isUnlimited, type LimitValues } from "./core/limits.ts";
import { type PriceEntry, untilNext } from "./core/price-terms.ts";
import type { GatewaySettings } from "./gateway/settings.ts";
import type { RedisSettings } from "./sharing/redis-settings.ts";
import type { PostgresSettings } from "./store/postgres/settings.ts";
import type { RollupRetention } from "./store/rollup-horizon.ts";
import type { MasterKeys } from "./store/vault.ts";
import type { InternalAddresses, WorkerSettings } from "./workers/messages.ts";

const stuckClientTimeoutMs = 30_000;

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
    keysUsableMs: config.database.keys_usable_seconds * 1_000,
    allowedHosts: config.server.allowed_hosts,
    address: toPublicAddress(config),
    maxBodyBytes: config.gateway.max_body_bytes,
    trustedProxies: config.server.trusted_proxies,
    countsAddresses: !isUnlimited(toLimitValues(config.limits.default_address)),
    headerHoldMs: config.gateway.header_hold_seconds * 1_000,
    heartbeatMs: config.gateway.heartbeat_seconds * 1_000,
  };
}

/**
 * How PostgreSQL is reached; undefined where the store is in the data folder.
 * @throws PlatformError `config_invalid` when the file of the authorities cannot be read
 */
export function toPostgresSettings({ database }: PlatformConfig): PostgresSettings | undefined {
  if (database.url === undefined) return undefined;
  const address = parseDatabaseUrl(database.url.reveal());
  if ("problem" in address)
    throw new PlatformError("config_invalid", `database.url ${address.problem}.`, { field: "database.url" });
  const authorityFile = database.ca_file ?? address.authorityFile;
  return {
    address,
    authorities: authorityFile === undefined ? undefined : readAuthorities(authorityFile),
    poolSize: database.pool_size,
    connectTimeoutMs: database.connect_timeout_seconds * 1_000,
    requestTimeoutMs: database.request_timeout_seconds * 1_000,
    backgroundTimeoutMs: database.background_timeout_seconds * 1_000,
  };
}

function readAuthorities(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new PlatformError(
      "config_invalid",
      `The file ${file} with the authorities of the database cannot be read. Check database.ca_file.`,
      { field: "database.ca_file", cause },
    );
  }
}

/** How the spool of each process writes. */
export function toSpoolSettings({ ledger }: PlatformConfig): WorkerSettings["spool"] {
  return { commitIntervalMs: ledger.commit_interval_ms, sync: ledger.sync };
}

/** For how long sums of the ledger are kept. */
export function toSumsRetention({ ledger }: PlatformConfig): RollupRetention {
  return { minuteDays: ledger.minute_sums_days, hourDays: ledger.hour_sums_days };
}

/** How Redis is reached; undefined where there is none. Throws where its issuers cannot be read. */
export function toRedisSettings({ redis }: PlatformConfig): RedisSettings | undefined {
  if (redis.url === undefined) return undefined;
  return {
    url: redis.url,
    username: redis.username,
    password: redis.password,
    database: redis.database,
    certificateAuthorities: redis.ca_file === undefined ? undefined : readIssuers(redis.ca_file),
    keyPrefix: redis.key_prefix,
    commandTimeoutMs: redis.command_timeout_ms,
    connectTimeoutMs: redis.connect_timeout_seconds * 1_000,
  };
}

function readIssuers(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new PlatformError("config_invalid", `The file ${file} of redis.ca_file cannot be read.`, { cause });
  }
}

/** What every worker is told. */
export function toWorkerSettings(config: PlatformConfig, internal: InternalAddresses): WorkerSettings {
  return {
    log: {
      level: config.log.level,
      parts: config.log.levels,
      mostPerSecond: config.log.most_per_second,
    },
    contentModels: config.content.models,
    gateway: toGatewaySettings(config),
    inference: toInferenceSettings(config),
    spool: toSpoolSettings(config),
    isRecording: config.ledger.enabled,
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
    inputPerMillion: price.input_per_million ?? 0,
    outputPerMillion: price.output_per_million ?? 0,
    cacheReadPerMillion: price.cache_read_per_million,
    cacheWritePerMillion: price.cache_write_per_million,
    currency: price.currency,
    effectiveFromMs: price.effective_from === undefined ? undefined : Date.parse(price.effective_from),
    provider: price.provider,
    reasoningPerMillion: price.reasoning_per_million,
    perRequest: price.per_request,
    perSecond: price.per_second,
    energy: price.energy && { watts: price.energy.watts, pricePerKwh: price.energy.price_per_kwh },
  }));
  return [
    ...untilNext(configured.map((terms) => toPriceEntry("config", terms))),
    ...untilNext((bundled_prices ? bundledPriceTerms() : []).map((terms) => toPriceEntry("bundled", terms))),
  ];
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

/** How many responses are kept, and for how long. */
export function toResponseBounds({ responses }: PlatformConfig): {
  readonly retentionDays: number;
  readonly mostCharacters: number;
} {
  // What is sealed is written in characters of one byte.
  return { retentionDays: responses.retention_days, mostCharacters: responses.max_megabytes * 1_000_000 };
}
