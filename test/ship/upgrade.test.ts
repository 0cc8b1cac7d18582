import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { runLlmp } from "../e2e/cli-process.ts";
import { chatBody } from "../e2e/http.ts";
import { as, rootKey, untilFakeIsKnown, withFake, withRoot } from "../e2e/identity-calls.ts";
import { spawnServer } from "../e2e/spawn-server.ts";
import { type Platform, startPlatform } from "../e2e/start-platform.ts";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { keptReleases, layDownRelease } from "./release-data.ts";

/** A next version's changes that leave the floor where it is, in tables that this version reads and writes. */
const onlyAdded = `
  ALTER TABLE users ADD COLUMN nickname TEXT;
  ALTER TABLE api_keys ADD COLUMN colour TEXT DEFAULT 'blue' NOT NULL;
  ALTER TABLE usage_ledger ADD COLUMN carbon_micrograms BIGINT;
  CREATE TABLE later_things (id TEXT PRIMARY KEY);
  INSERT INTO later_things VALUES ('kept');
  INSERT INTO kysely_migration VALUES ('9999_later', '2030-01-01T00:00:00Z');`;

describe.for(keptReleases)("the data of release %s", { timeout: 120_000 }, (version) => {
  let upstream: FakeUpstream;
  beforeAll(async () => {
    upstream = await createFakeUpstream({ dialect: "openai" });
  });
  afterAll(() => upstream.stop());

  function prepare() {
    const directory = mkdtempSync(join(tmpdir(), "upgrade-"));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    const data = join(directory, "data");
    return { directory, data, key: layDownRelease(version, data) };
  }
  const start = (dataDirectory: string) =>
    startPlatform({ dataDirectory, config: withFake(upstream.origin, withRoot) });

  async function attempts(platform: Platform): Promise<number> {
    const { json } = await as(platform, rootKey)("/api/v1/usage/records");
    return z.object({ usage: z.array(z.unknown()) }).parse(json).usage.length;
  }

  async function expectWhole(platform: Platform, key: string): Promise<void> {
    await untilFakeIsKnown(platform, key);
    const chat = await as(platform, key)("/v1/chat/completions", { body: chatBody("fake/tiny-chat") });
    expect(chat.status, chat.text).toBe(200);
    const users = await as(platform, rootKey)("/api/v1/users");
    expect(users.text).toContain("ada");
    const verdict = await as(platform, rootKey)("/api/v1/audit/verify", { body: {} });
    expect(verdict.json).toMatchObject({ ok: true, first_bad: null, usage: { first_bad: null } });
  }

  test("is taken over whole, and calls go on with it", async () => {
    const { data, key } = prepare();
    const check = await runLlmp(["migrate", "--check"], { env: { LLM_PLATFORM_DATA_DIR: data } });
    expect([check.exitCode, check.stdout]).toEqual([1, expect.stringMatching(/^pending: 002\d_/)]);
    const platform = await start(data);
    expect(await attempts(platform)).toBe(3);
    await expectWhole(platform, key);
    await expect.poll(() => attempts(platform), { timeout: 15_000 }).toBe(4);
    expect(await platform.stop()).toBe(0);
  });

  test("goes back from a next version that only added, on the same folder", async () => {
    const { data, key } = prepare();
    await (await start(data)).stop();
    alter(data, onlyAdded);
    const back = await start(data);
    await expectWhole(back, key);
    await expect.poll(() => attempts(back), { timeout: 15_000 }).toBe(4);
    await back.stop();
    const raw = new DatabaseSync(join(data, "platform.db"));
    expect(raw.prepare("SELECT id FROM later_things").all()).toEqual([{ id: "kept" }]);
    raw.close();
  });

  test("goes back from a next version that changed more by the backup from before", async () => {
    const { directory, data, key } = prepare();
    await (await start(data)).stop();
    const file = join(directory, "before.tar");
    const made = await runLlmp(["backup", file, "--offline", "--data-dir", data]);
    expect(made.exitCode, made.stderr).toBe(0);
    alter(
      data,
      `${onlyAdded} UPDATE schema_floor SET change = '9999_later'; ALTER TABLE users RENAME TO people`,
    );
    const refused = spawnServer({ LLM_PLATFORM_DATA_DIR: data });
    expect(await refused.exit).toBe(1);
    expect(refused.text()).toMatch(/9999_later.*restore a backup/);

    const restored = await runLlmp(["restore", file, "--data-dir", data, "--force"]);
    expect(restored.exitCode, restored.stderr).toBe(0);
    const back = await start(data);
    await expectWhole(back, key);
    await back.stop();
  });
});

/** What the next version's migration does. */
function alter(data: string, sql: string): void {
  const raw = new DatabaseSync(join(data, "platform.db"));
  raw.exec(sql);
  raw.close();
}
