import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createFakeHub, type FakeHub } from "../fakes/hub/fake-hub.ts";
import { seededContents } from "../fakes/hub/hub-contents.ts";
import { postgresProgram, startPostgres, type TestPostgres } from "../services/postgres.ts";
import { redisServer, startRedis, type TestRedis } from "../services/redis.ts";
import { ask, eventsOf, member } from "./http.ts";
import { rootKey, withRoot } from "./identity-calls.ts";
import { pullingConfig } from "./pull-calls.ts";
import { type Platform, startPlatform } from "./start-platform.ts";

const mebibyte = 1024 * 1024;
const id = "acme/shared-GGUF";

describe.skipIf(postgresProgram === undefined || redisServer === undefined)(
  "pulls of two replicas on one PostgreSQL",
  () => {
    const folder = mkdtempSync(join(tmpdir(), "pulls-replicas-"));
    const masterKey = randomBytes(32).toString("base64");
    let hub: FakeHub;
    let postgres: TestPostgres;
    let redis: TestRedis;
    let databaseUrl: string;
    let one: Platform;
    let other: Platform;

    const start = (name: string, env: Readonly<Record<string, string>> = { REDIS_URL: redis.url }) =>
      startPlatform({
        config: { ...withRoot, ...pullingConfig(hub), server: { drain_seconds: 0 } },
        dataDirectory: join(folder, name),
        env: { DATABASE_URL: databaseUrl, LLM_PLATFORM_SECRETS__MASTER_KEY: masterKey, ...env },
      });
    const call = (platform: Platform, path: string, options: Parameters<typeof ask>[2] = {}) =>
      ask(platform, path, {
        ...options,
        headers: { authorization: `Bearer ${rootKey}`, ...options.headers },
      });
    const phaseOf = async (platform: Platform, pull: string) =>
      member((await call(platform, `/api/v1/pulls/${pull}`)).json, "phase");
    const change = (platform: Platform, pull: string, action: string) =>
      call(platform, `/api/v1/pulls/${pull}/${action}`, { method: "POST", body: {} });
    const replicaOf = (name: string) => readFileSync(join(folder, name, "replica.id"), "utf8").trim();

    async function startPull(platform: Platform, name: string): Promise<string> {
      const body = { kind: "huggingface", source: id, name };
      const answer = await call(platform, "/api/v1/pulls", { body });
      expect(answer.status, answer.text).toBe(200);
      return String(member(answer.json, "id"));
    }

    beforeAll(async () => {
      hub = await createFakeHub([
        { id, files: { "shared-Q4_0.gguf": seededContents(24 * mebibyte, "shared") }, library: "gguf" },
      ]);
      [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
      databaseUrl = await postgres.createDatabase();
      one = await start("one");
      other = await start("other");
      for (const each of [one, other]) await each.logLine(/"replicas":2,"event":"replicas.changed"/);
    });
    afterEach(() => hub.setBytesPerSecond(undefined));
    afterAll(async () => {
      await Promise.all([one.stop(), other.stop()]);
      await Promise.all([hub.stop(), postgres.stop(), redis.stop()]);
      rmSync(folder, { recursive: true });
    });

    test("are shown by both with whose disk they fill, followed by both, and stopped by both", async () => {
      hub.setBytesPerSecond(300_000);
      const pull = await startPull(one, "shown");
      const listed = await call(other, "/api/v1/pulls");
      expect(member(listed.json, "pulls")).toMatchObject([{ id: pull, replica: replicaOf("one") }]);
      const followed = call(other, `/api/v1/pulls/${pull}`, { headers: { accept: "text/event-stream" } });
      await expect.poll(() => phaseOf(other, pull), { timeout: 20_000 }).toBe("downloading");

      const paused = await change(other, pull, "pause");
      expect(paused.json, paused.text).toMatchObject({ id: pull, phase: "paused" });
      expect(await phaseOf(one, pull)).toBe("paused");
      expect(eventsOf((await followed).text).at(-1)).toMatchObject({ id: pull, phase: "paused" });

      expect((await change(other, pull, "resume")).status).toBe(200);
      await expect.poll(() => phaseOf(one, pull), { timeout: 20_000 }).toBe("downloading");
      expect((await change(other, pull, "cancel")).json).toMatchObject({ phase: "cancelled" });
      expect(await phaseOf(one, pull)).toBe("cancelled");
      const again = await change(other, pull, "cancel");
      expect({ status: again.status, text: again.text }).toMatchObject({
        status: 409,
        text: expect.stringContaining("cancelled already"),
      });
    });

    test("that a dead replica had are nobody else's: they go on with its data folder alone", async () => {
      hub.setBytesPerSecond(300_000);
      const pull = await startPull(one, "orphan");
      await expect.poll(() => phaseOf(other, pull), { timeout: 20_000 }).toBe("downloading");
      one.kill("SIGKILL");
      await one.exit;

      const refused = await change(other, pull, "cancel");
      expect({ status: refused.status, text: refused.text }).toMatchObject({
        status: 503,
        text: expect.stringContaining(replicaOf("one")),
      });
      // Neither one that goes on, nor one that starts anew, takes it up.
      const third = await start("third");
      await third.logLine(/"replicas":2,"event":"replicas.changed"/);
      const before = hub.requests.length;
      expect(await phaseOf(third, pull)).toBe("downloading");
      expect(hub.requests.length).toBe(before);
      await third.stop();

      hub.setBytesPerSecond(undefined);
      const revived = await start("one");
      await expect.poll(() => phaseOf(other, pull), { timeout: 30_000 }).toBe("done");
      await revived.stop();
    });

    test("without Redis are refused elsewhere, with where they are", async () => {
      const lone = await start("lone", {});
      hub.setBytesPerSecond(300_000);
      const pull = await startPull(other, "refused");
      const answer = await change(lone, pull, "pause");
      expect({ status: answer.status, text: answer.text }).toMatchObject({
        status: 409,
        text: expect.stringMatching(new RegExp(`${replicaOf("other")}.*REDIS_URL`)),
      });
      await change(other, pull, "cancel");
      await lone.stop();
    });
  },
);
