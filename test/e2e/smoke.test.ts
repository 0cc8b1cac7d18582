import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { findFreePort } from "../../bench/free-port.ts";
import { makeCertificate } from "../../packages/server/src/wire/certificate.test-data.ts";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { type NginxFaults, nginxProgram, startNginx } from "../services/nginx.ts";
import { postgresProgram, startPostgres } from "../services/postgres.ts";
import { redisServer, startRedis } from "../services/redis.ts";
import { runLlmp } from "./cli-process.ts";
import { as, rootKey, withRoot } from "./identity-calls.ts";
import { spawnServer } from "./spawn-server.ts";
import { openAiIntegration, type Platform, startPlatform } from "./start-platform.ts";

const isMissing = nginxProgram === undefined || postgresProgram === undefined || redisServer === undefined;
const masterKey = { LLM_PLATFORM_SECRETS__MASTER_KEY: Buffer.alloc(32, 7).toString("base64") };
const findingsSchema = z.array(
  z.object({
    check: z.string(),
    verdict: z.enum(["ok", "warning", "failed", "skipped"]),
    detail: z.string(),
  }),
);

type Looking = {
  readonly url: string;
  readonly key?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
};

async function smoke({ url, key = rootKey, args = [], env = {} }: Looking) {
  const { exitCode, stdout, stderr } = await runLlmp(
    ["smoke", "--url", url, "--key", key, "--json", ...args],
    { env },
  );
  const findings = findingsSchema.parse(JSON.parse(stdout));
  const named = (verdict: string) =>
    findings.filter((each) => each.verdict === verdict).map(({ check }) => check);
  const detail = (name: string) => findings.find(({ check }) => check === name)?.detail ?? "";
  return {
    exitCode,
    stdout,
    stderr,
    failed: named("failed"),
    other: [...named("warning"), ...named("skipped")],
    detail,
  };
}

/** One fault is named, nothing else is, and the exit code tells. */
async function expectFault(looking: Looking, check: string, detail: RegExp): Promise<void> {
  const seen = await smoke(looking);
  expect([seen.failed, seen.exitCode], seen.stdout).toEqual([[check], 1]);
  expect(seen.detail(check)).toMatch(detail);
  expect(seen.stderr).toBe(`${/\d+/.exec(seen.stderr)?.[0]} checks, failed: ${check}\n`);
}

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "smoke-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

describe.skipIf(isMissing)("llmp smoke", { timeout: 120_000 }, () => {
  let upstream: FakeUpstream;
  let platform: Platform;

  const base = (more: Readonly<Record<string, unknown>> = {}) => ({
    ...withRoot,
    prices: [{ model: "tiny-chat", input_per_million: 1, output_per_million: 2, currency: "USD" }],
    integrations: [openAiIntegration("fake", upstream.origin)],
    ...more,
  });

  beforeAll(async () => {
    upstream = await createFakeUpstream({ dialect: "openai", tokenDelayMs: 20, chunks: 20 });
    platform = await startPlatform({ config: base() });
  });
  afterAll(async () => {
    await platform.stop();
    await upstream.stop();
  });

  async function through(faults: NginxFaults): Promise<string> {
    const nginx = await startNginx([platform.port], faults);
    onTestFinished(() => nginx.stop());
    return nginx.url;
  }

  test("finds nothing in a deployment of PostgreSQL, Redis, nginx and gRPC, and then a Redis that is dead", async () => {
    const [postgres, redis, grpcPort] = await Promise.all([startPostgres(), startRedis(), findFreePort()]);
    onTestFinished(async () => {
      await Promise.all([postgres.stop(), redis.stop()]);
    });
    const replica = await startPlatform({
      config: base({ grpc: { port: grpcPort } }),
      env: { DATABASE_URL: await postgres.createDatabase(), REDIS_URL: redis.url, ...masterKey },
    });
    const nginx = await startNginx([replica.port]);
    onTestFinished(() => nginx.stop());
    const looking = { url: nginx.url, args: ["--grpc-url", `http://127.0.0.1:${grpcPort}`] };
    const well = await smoke(looking);
    expect([well.failed, well.other, well.exitCode], well.stdout).toEqual([[], [], 0]);
    expect(well.detail("usage")).toMatch(/cost in millionths: \d+, \d+/);
    expect(well.detail("metrics")).toMatch(/count \d+ calls/);

    await redis.kill();
    await as(replica, rootKey)("/integrations/redis/restart", { method: "POST" });
    await expect
      .poll(async () => (await as(replica, rootKey)("/integrations/redis/status")).text, { timeout: 20_000 })
      .toContain("Redis is away");
    await expectFault(looking, "redis", /redis is \w+: Redis is away/);
    await replica.stop();
  });

  test("names a proxy that holds streams back", async () => {
    await expectFault({ url: await through({ holdsReplies: true }) }, "unbuffered", /holds streams back/);
  });

  test("names a proxy that lets no WebSocket through", async () => {
    await expectFault({ url: await through({ refusesUpgrades: true }) }, "websocket", /hand on Upgrade/);
  });

  test("names a key that is refused", async () => {
    await expectFault({ url: platform.url, key: "wrong-key-0123456789" }, "key", /refused with 401/);
  });

  test("names an upstream that cuts streams", async () => {
    upstream.script([{ kind: "healthy" }, { kind: "end-after-events", events: 5 }]);
    await expectFault({ url: platform.url }, "stream", /was cut: upstream_/);
  });

  test("names clocks that differ", async () => {
    const preload = join(temporaryDirectory(), "late.mjs");
    writeFileSync(preload, "const now = Date.now; Date.now = () => now() + 600_000;");
    await expectFault(
      { url: platform.url, env: { NODE_OPTIONS: `--import ${preload}` } },
      "clock",
      /differ by (?:599|600)/,
    );
  });

  test("names metrics that are off", async () => {
    const without = await startPlatform({ config: base({ prometheus: { enabled: false } }) });
    await expectFault({ url: without.url }, "metrics", /prometheus\.enabled/);
  });

  test("names a server that lets strangers in", async () => {
    const { auth: _auth, ...open } = base();
    const seen = await smoke({ url: (await startPlatform({ config: open })).url });
    expect(seen.failed).toContain("auth");
  });

  test("names an integration in error", async () => {
    const lost = openAiIntegration("lost", upstream.origin, { tls: { ca_file: "/nowhere/none.crt" } });
    const ill = await startPlatform({
      config: base({ integrations: [openAiIntegration("fake", upstream.origin), lost] }),
    });
    await expectFault({ url: ill.url }, "integrations", /lost is error: .*none\.crt/);
  });

  test("names a certificate that is out of date", async () => {
    const authority = makeCertificate({ subject: "authority" });
    const { cert, key } = makeCertificate({
      subject: "own",
      issuer: authority,
      expires: new Date(Date.now() - 60_000),
    });
    const folder = temporaryDirectory();
    const files = { cert_file: join(folder, "own.crt"), key_file: join(folder, "own.key") };
    writeFileSync(files.cert_file, cert);
    writeFileSync(files.key_file, key);
    const ca = join(folder, "ca.crt");
    writeFileSync(ca, authority.cert);
    const secure = await startPlatform({ config: base({ server: { tls: files } }) });
    await expectFault({ url: secure.url, env: { NODE_EXTRA_CA_CERTS: ca } }, "tls", /CERT_HAS_EXPIRED/);
  });

  test("names an old schema", async () => {
    const url = await spawnServer({ DATABASE_MIGRATE: "never" }).url(/database\.waiting_at/);
    await expectFault({ url }, "schema", /lacks 0001_first.*llmp migrate/);
  });

  test("names a database that is dead", async () => {
    const url = await spawnServer({ DATABASE_URL: "postgres://a:b@127.0.0.1:1/c", ...masterKey }).url(
      /database\.waiting_at/,
    );
    await expectFault({ url }, "database", /ECONNREFUSED/);
  });

  test("names an audit log that was changed", async () => {
    const changed = await startPlatform({ config: base() });
    await as(changed, rootKey)("/api/v1/users", { body: { name: "ada", role: "admin" } });
    const raw = new DatabaseSync(join(changed.dataDirectory, "platform.db"), { timeout: 5_000 });
    raw.exec("UPDATE audit_log SET line = replace(line, 'ada', 'eve')");
    raw.close();
    await expectFault({ url: changed.url }, "audit", /was changed at record \d+/);
  });

  test("names a server that is not there", async () => {
    await expectFault({ url: `http://127.0.0.1:${await findFreePort()}` }, "health", /ECONNREFUSED/);
  });
});
