import { X509Certificate } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { toPlatformError } from "@llm-platform/kit";
import type { SettingView } from "./control/settings.ts";
import type { SystemParts } from "./control/system-parts.ts";
import { readDiskUse } from "./disk-use.ts";
import type { Foundation } from "./foundation.ts";
import { measureDatabase } from "./store/postgres/measure-database.ts";

export interface SystemPartsInput extends Pick<Foundation, "store" | "postgres" | "sharing"> {
  readonly dataDirectory: string;
  readonly settings: SettingView;
}

/** A store that does not answer by then is told as one that does not. */
const patienceMs = 3_000;
const certificateSetting = /\.(?:cert|ca|client_ca)_file$/;

/** Looks at everything that the server stands on. */
export async function readSystemParts(input: SystemPartsInput): Promise<SystemParts> {
  const { dataDirectory, settings, sharing, store } = input;
  const [kept, redis, disk, certificates] = await Promise.all([
    inspectStore(input),
    inspectRedis(input),
    readDiskUse(dataDirectory),
    Promise.all(certificateFiles(settings).map(([setting, file]) => readCertificate(setting, file))),
  ]);
  return {
    replicas: {
      count: sharing.redis?.replicas ?? 1,
      is_shared: store.isShared || sharing.redis !== undefined,
      is_leader: sharing.leadership.isLeader,
      name: store.chain,
    },
    store: kept,
    redis,
    disk: {
      directory: dataDirectory,
      size_bytes: disk.sizeBytes,
      free_bytes: disk.freeBytes,
      models_bytes: disk.modelBytes,
      store_bytes: disk.storeBytes,
    },
    certificates,
    license: "MIT",
  };
}

async function inspectStore({
  store,
  postgres,
  dataDirectory,
}: SystemPartsInput): Promise<SystemParts["store"]> {
  const kind = postgres === undefined ? "sqlite" : "postgresql";
  const startMs = performance.now();
  try {
    await within(store.events.bounds());
    const answerMs = performance.now() - startMs;
    const bytes =
      postgres === undefined
        ? await sizeOf(["platform.db", "platform.db-wal"].map((name) => join(dataDirectory, name)))
        : await within(measureDatabase(postgres.pools));
    return { kind, is_well: true, problem: null, answer_ms: answerMs, bytes };
  } catch (error) {
    const { message } = toPlatformError(error, "The store cannot be looked at. The log has the reason.");
    return { kind, is_well: false, problem: message, answer_ms: null, bytes: null };
  }
}

/** Of files together; one that is not there counts for nothing. */
async function sizeOf(files: readonly string[]): Promise<number> {
  const facts = await Promise.all(files.map((file) => stat(file).catch(() => undefined)));
  return facts.reduce((sum, each) => sum + (each?.size ?? 0), 0);
}

async function inspectRedis({ sharing: { redis } }: SystemPartsInput): Promise<SystemParts["redis"]> {
  if (redis === undefined) return null;
  const state = { is_up: redis.isUp, trouble: redis.trouble ?? null };
  try {
    const { pingMs, usedBytes, mostBytes } = await redis.inspect();
    const most = mostBytes === 0 ? null : mostBytes;
    return { ...state, ping_ms: pingMs, used_bytes: usedBytes, most_bytes: most };
  } catch (error) {
    // Limits go on without it; what is wrong with it is all that there is to tell.
    const trouble = state.trouble ?? toPlatformError(error).message;
    return { ...state, trouble, ping_ms: null, used_bytes: null, most_bytes: null };
  }
}

/** Settings that name the file of a certificate, with what they say. */
function certificateFiles(settings: SettingView): readonly (readonly [setting: string, file: string])[] {
  return settings
    .list()
    .flatMap(({ key, value }) =>
      certificateSetting.test(key) && typeof value === "string" ? [[key, value] as const] : [],
    );
}

async function readCertificate(setting: string, file: string): Promise<SystemParts["certificates"][number]> {
  const nothing = { subject: null, issuer: null, names: [], valid_from: null, expires_at: null };
  try {
    const { subject, issuer, subjectAltName, validFromDate, validToDate } = new X509Certificate(
      await readFile(file),
    );
    return {
      setting,
      file,
      subject,
      issuer,
      names: subjectAltName?.split(", ") ?? [],
      valid_from: validFromDate.toISOString(),
      expires_at: validToDate.toISOString(),
      problem: null,
    };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown reason";
    return { setting, file, ...nothing, problem: `It cannot be read (${code}).` };
  }
}

async function within<Result>(asked: Promise<Result>): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("no answer in time")), patienceMs);
  try {
    return await Promise.race([asked, promise]);
  } finally {
    clearTimeout(timer);
  }
}
