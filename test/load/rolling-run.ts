import { setTimeout as sleep } from "node:timers/promises";
import { findFreePort } from "../../bench/free-port.ts";
import { rootKey, untilFakeIsKnown, withRoot } from "../e2e/identity-calls.ts";
import { openAiIntegration, type Platform, startPlatform } from "../e2e/start-platform.ts";
import { type Outcome, sendSteadily } from "../e2e/steady-load.ts";
import { createFakeUpstream } from "../fakes/fake-upstream.ts";
import { startNginx } from "../services/nginx.ts";
import { startPostgres } from "../services/postgres.ts";
import { startRedis } from "../services/redis.ts";

/** How a run is to be. */
export type RollingPlan = {
  /** How often all replicas are replaced, one after the other. */
  readonly rounds: number;
  /** Whole replies and streams, each so many a second. */
  readonly perSecond: number;
};

/** What a run came to. */
export type RollingReport = {
  readonly restarts: number;
  readonly calls: number;
  readonly streams: number;
  /** Calls that were not answered with 200, with what they were. */
  readonly failed: readonly Outcome[];
  /** Answers that did not come to their own end. */
  readonly cut: readonly Outcome[];
  /** Calls that have other than one row in the ledger. */
  readonly unrecorded: number;
  /** Exit codes of the replicas that were stopped. */
  readonly exitCodes: readonly (number | null)[];
};

/** Long enough for a stream to be in the middle when its replica is told to stop. */
const upstreamPace = { chunks: 30, tokenDelayMs: 40 };
/** What a balancer takes to see that a replica is not ready, as `preStopSeconds` of the chart. */
const leaveMs = 1_000;
const calmMs = 1_000;

/**
 * Two replicas on PostgreSQL and Redis behind nginx are replaced one after the other under load, as Kubernetes does it: a
 * replica leaves the balancer, is told to stop a moment later, ends its calls, and its successor comes in when it is ready.
 */
export async function rollOver({ rounds, perSecond }: RollingPlan): Promise<RollingReport> {
  const [upstream, postgres, redis] = await Promise.all([
    createFakeUpstream({ dialect: "openai", ...upstreamPace }),
    startPostgres(),
    startRedis(),
  ]);
  const database = await postgres.createDatabase();
  const ports = [await findFreePort(), await findFreePort()];
  const start = async (port: number) => {
    const replica = await startPlatform({
      config: {
        ...withRoot,
        integrations: [openAiIntegration("fake", upstream.origin)],
        server: { drain_seconds: 30 },
      },
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
  const replicas: Platform[] = await Promise.all(ports.map(start));
  const nginx = await startNginx(ports);
  try {
    const stop = new AbortController();
    // A proxy that reads its configuration anew ends the connections that are idle, also at the instant when a client takes one.
    const load = {
      url: nginx.url,
      key: rootKey,
      model: "fake/tiny-chat",
      perSecond,
      hasOwnConnections: true,
      signal: stop.signal,
    };
    const sending = Promise.all([sendSteadily(load), sendSteadily({ ...load, stream: true })]);
    const exitCodes: (number | null)[] = [];
    for (let round = 0; round < rounds; round++)
      for (const [index, port] of ports.entries()) {
        await sleep(calmMs);
        const others = ports.filter((each) => each !== port);
        await nginx.useServers(others);
        await sleep(leaveMs);
        replicas[index]?.kill("SIGTERM");
        exitCodes.push((await replicas[index]?.exit) ?? null);
        replicas[index] = await start(port);
        await nginx.useServers(ports);
      }
    await sleep(calmMs);
    stop.abort();
    const [calls, streams] = await sending;
    const all = [...calls, ...streams];
    await Promise.all(replicas.map((replica) => replica.stop()));
    const rows = await postgres.query(
      database,
      "SELECT attempt_id, count(*) AS count FROM usage_ledger GROUP BY attempt_id",
    );
    const counts = new Map(rows.map((row) => [String(row["attempt_id"]), Number(row["count"])]));
    return {
      restarts: exitCodes.length,
      calls: calls.length,
      streams: streams.length,
      failed: all.filter(({ status }) => status !== 200),
      cut: all.filter(({ status, isWhole }) => status === 200 && !isWhole),
      unrecorded: all.filter(({ requestId }) => counts.get(`${requestId}.1`) !== 1).length,
      exitCodes,
    };
  } finally {
    await nginx.stop();
    await Promise.all(replicas.map((replica) => replica.stop()));
    await Promise.all([upstream.stop(), postgres.stop(), redis.stop()]);
  }
}
