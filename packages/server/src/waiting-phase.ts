import { setTimeout as sleep } from "node:timers/promises";
import { PlatformError, toPlatformError } from "@llm-platform/kit";
import type { Listener } from "./api/listener.ts";
import { createProbeMount } from "./api/probes.ts";
import { createRefusalMount } from "./api/refuse-all.ts";
import type { PlatformConfig } from "./config/schema.ts";
import { openListener, toUrl } from "./open-listener.ts";
import { probeDatabase } from "./store/postgres/pools.ts";
import { refusalOf } from "./store/postgres/postgres-error.ts";
import type { PostgresSettings } from "./store/postgres/settings.ts";
import type { SchemaState } from "./store/schema-state.ts";
import type { PlatformLog } from "./telemetry/log.ts";
import { createPlatformMetrics } from "./telemetry/platform-metrics.ts";
import { createMetricRegistry } from "./telemetry/registry.ts";

export interface WaitingInput {
  readonly config: PlatformConfig;
  readonly log: PlatformLog;
  /** Aborted when the server is to stop. */
  readonly stopping: AbortSignal;
}

const firstRetryMs = 250;
const lastRetryMs = 5_000;
/** What takes no longer needs no port in the meantime. */
const slowSchemaMs = 3_000;
const schemaReason =
  "The schema of the database is brought up to date, by this server or by another one. With large tables it takes long.";

/**
 * Resolves when the database answers. Until then the port tells that it is waited for.
 * @throws PlatformError `config_invalid` for what no waiting mends, such as a wrong password, and `shutting_down`
 */
export function waitForDatabase(settings: PostgresSettings, input: WaitingInput): Promise<void> {
  return waitUntil(input, async () => {
    const error = await probeDatabase(settings).then(() => undefined, toPlatformError);
    if (error !== undefined) refuseHopeless(error);
    return error;
  });
}

/**
 * Resolves when somebody has brought the schema up to date, for a server that must not do it by itself.
 * @throws PlatformError `conflict` for a schema that this version cannot work on, and `shutting_down`
 */
export function waitForSchema(inspect: () => Promise<SchemaState>, input: WaitingInput): Promise<void> {
  return waitUntil(input, async () => {
    try {
      const { pending } = await inspect();
      return pending.length === 0 ? undefined : new PlatformError("unavailable", oldSchema(pending));
    } catch (thrown) {
      const error = toPlatformError(thrown);
      if (error.code === "unavailable") return error;
      throw error;
    }
  });
}

function oldSchema(pending: readonly string[]): string {
  return `The schema of the database is older than this version: it lacks ${pending.join(", ")}. Run \`llmp migrate\`, or in a container the server with the argument \`migrate\`; database.migrate keeps this server from doing it by itself.`;
}

/** Looks again and again, ever less often, until there is nothing in the way, which the port tells meanwhile. */
async function waitUntil(input: WaitingInput, look: () => Promise<PlatformError | undefined>): Promise<void> {
  const { log, stopping } = input;
  const startedAtMs = performance.now();
  let listener: Listener | undefined;
  let retryMs = firstRetryMs;
  let reason = "";
  try {
    for (;;) {
      const error = await look();
      if (error === undefined) break;
      if (error.message !== reason) log.error("database.waiting", { error });
      reason = error.message;
      listener ??= await listen(input, () => reason);
      await sleep(retryMs, undefined, { signal: stopping }).catch(() => undefined);
      if (stopping.aborted)
        throw new PlatformError("shutting_down", "The server was stopped while it waited for the database.");
      retryMs = Math.min(lastRetryMs, retryMs * 2);
    }
    if (listener !== undefined)
      log.info("database.reached", { after_ms: Math.round(performance.now() - startedAtMs) });
  } finally {
    await listener?.stop();
  }
}

/**
 * Opens the store, and tells at the port what is waited for when that takes long: whoever looks after the process must not
 * take it for dead while the schema changes. Rejects as `open` does.
 */
export async function answerWhileOpening<Opened>(
  input: WaitingInput,
  open: () => Promise<Opened>,
): Promise<Opened> {
  const late: { listener?: Promise<Listener> } = {};
  const timer = setTimeout(() => {
    input.log.info("database.opening_slowly", { reason: schemaReason });
    late.listener = listen(input, () => schemaReason);
    // Whoever waits for it is told.
    late.listener.catch(() => undefined);
  }, slowSchemaMs);
  try {
    return await open();
  } finally {
    clearTimeout(timer);
    await (await late.listener)?.stop();
  }
}

function refuseHopeless(error: PlatformError): void {
  const refusal = refusalOf(error);
  if (refusal !== undefined)
    throw new PlatformError("config_invalid", refusal, { field: "database.url", cause: error.cause });
}

async function listen({ config, log }: WaitingInput, reason: () => string): Promise<Listener> {
  const metrics = createPlatformMetrics(createMetricRegistry());
  const listener = await openListener({ config, metrics, log, dealer: undefined, isTight: () => false });
  listener.mount(createProbeMount({ unreadiness: () => `waiting for the database: ${reason()}` }));
  listener.mount(createRefusalMount(() => new PlatformError("unavailable", reason())));
  log.info("database.waiting_at", { url: toUrl(config, await listener.listen()) });
  return listener;
}
