import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { findFreePort } from "../../bench/free-port.ts";
import { rootKey, untilFakeIsKnown, withFake, withRoot } from "../e2e/identity-calls.ts";
import { type Platform, startPlatform } from "../e2e/start-platform.ts";
import { createFakeUpstream } from "../fakes/fake-upstream.ts";
import { type Nginx, nginxProgram, startNginx } from "../services/nginx.ts";
import { postgresProgram, startPostgres } from "../services/postgres.ts";
import { redisServer, startRedis } from "../services/redis.ts";

/** What is under load: one server or more with an upstream that takes its time as a model does. */
export type System = {
  /** Where its clients call it. */
  readonly url: string;
  readonly key: string;
  readonly model: string;
  /** Its servers; a place in it is filled anew when a server is replaced. */
  readonly servers: readonly Platform[];
  /** Of each attempt in the ledger, once there are as many as that, or after ten seconds as many as there are. */
  attempts(wanted: number): Promise<readonly string[]>;
  /** What all servers hold in memory now, in MiB. Linux only. */
  residentMb(): number;
  stop(): Promise<void>;
};

/** Several servers, that can be replaced. */
export type ReplicatedSystem = System & {
  readonly nginx: Nginx;
  readonly ports: readonly number[];
  /** Starts the successor of a server that has ended, at its port. */
  restart(place: number): Promise<void>;
};

/** How fast the upstream is. */
export type UpstreamPace = { readonly firstTokenDelayMs: number; readonly tokenDelayMs: number };

/** What a model on a GPU takes: its first token, and a hundred a second from then on. */
export const usualPace: UpstreamPace = { firstTokenDelayMs: 50, tokenDelayMs: 10 };

/** Whether this machine has what a replicated system needs. */
export const canReplicate =
  nginxProgram !== undefined && postgresProgram !== undefined && redisServer !== undefined;

const ledgerLimitMs = 10_000;
const ledgerLookMs = 50;

/** One server on SQLite. */
export async function startSingle(pace: UpstreamPace): Promise<System> {
  const upstream = await createFakeUpstream({ dialect: "openai", ...pace });
  const platform = await startPlatform({ config: withFake(upstream.origin, withRoot) });
  await untilFakeIsKnown(platform, rootKey);
  return {
    ...toSystem(platform.url, [platform]),
    attempts: async (wanted) => untilThere(wanted, () => platform.ledgerRows({ count: 0 }).then(idsOf)),
    async stop() {
      await platform.stop();
      await upstream.stop();
    },
  };
}

/** Two servers behind nginx, on PostgreSQL and Redis. */
export async function startReplicated(pace: UpstreamPace): Promise<ReplicatedSystem> {
  const [upstream, postgres, redis] = await Promise.all([
    createFakeUpstream({ dialect: "openai", ...pace }),
    startPostgres(),
    startRedis(),
  ]);
  const database = await postgres.createDatabase();
  const ports = [await findFreePort(), await findFreePort()];
  const start = async (port: number) => {
    const replica = await startPlatform({
      config: withFake(upstream.origin, { ...withRoot, server: { drain_seconds: 30 } }),
      env: {
        DATABASE_URL: database,
        REDIS_URL: redis.url,
        LLM_PLATFORM_SECRETS__MASTER_KEY: Buffer.alloc(32, 7).toString("base64"),
        LLM_PLATFORM_SERVER__PORT: String(port),
      },
    });
    await untilFakeIsKnown(replica, rootKey);
    return replica;
  };
  const servers = await Promise.all(ports.map(start));
  const nginx = await startNginx(ports);
  return {
    ...toSystem(nginx.url, servers),
    nginx,
    ports,
    async restart(place) {
      const port = ports[place];
      if (port === undefined) throw new Error(`there is no replica ${place}`);
      servers[place] = await start(port);
    },
    attempts: (wanted) =>
      untilThere(wanted, async () => {
        const rows = await postgres.query(database, "SELECT attempt_id FROM usage_ledger");
        return rows.map((row) => String(row["attempt_id"]));
      }),
    async stop() {
      await nginx.stop();
      await Promise.all(servers.map((server) => server.stop()));
      await Promise.all([upstream.stop(), postgres.stop(), redis.stop()]);
    },
  };
}

function toSystem(url: string, servers: readonly Platform[]) {
  return {
    url,
    key: rootKey,
    model: "fake/tiny-chat",
    servers,
    residentMb: () => servers.reduce((sum, { id }) => sum + residentMbOf(id), 0),
  };
}

function idsOf(rows: readonly { readonly attemptId: string }[]): readonly string[] {
  return rows.map(({ attemptId }) => attemptId);
}

/** Records come into the ledger a moment after the end of their call. */
async function untilThere(
  wanted: number,
  read: () => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const untilMs = performance.now() + ledgerLimitMs;
  for (;;) {
    const ids = await read();
    if (ids.length >= wanted || performance.now() > untilMs) return ids;
    await sleep(ledgerLookMs);
  }
}

function residentMbOf(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Math.round(Number(kib) / 1024);
}
