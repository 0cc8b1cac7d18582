import { mkdtempSync, rmSync } from "node:fs";
import { cp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { runLlmp } from "./cli-process.ts";
import { ask, chat, member } from "./http.ts";
import { openAiIntegration, type Platform, startPlatform } from "./start-platform.ts";

const calls = 6;
let upstream: FakeUpstream;
let folder = "";

beforeAll(async () => {
  upstream = await createFakeUpstream({ dialect: "openai" });
  folder = mkdtempSync(join(tmpdir(), "usage-seals-"));
});
afterAll(async () => {
  await upstream.stop();
  rmSync(folder, { recursive: true });
});

function start(dataDirectory: string, sealSeconds: number): Promise<Platform> {
  return startPlatform({
    dataDirectory,
    config: {
      integrations: [openAiIntegration("fake", upstream.origin)],
      ledger: { seal_seconds: sealSeconds },
    },
  });
}

async function makeCalls(platform: Platform, all: number): Promise<void> {
  for (let count = 0; count < calls; count++)
    expect((await chat(platform, "fake/tiny-chat")).status).toBe(200);
  await platform.ledgerRows({ count: all });
}

async function verify(platform: Platform): Promise<unknown> {
  return (await ask(platform, "/api/v1/audit/verify", { body: {} })).json;
}

function offline(directory: string) {
  return runLlmp(["audit", "verify", "--offline", "--data-dir", directory]);
}

async function spoiled(from: string, sql: string): Promise<string> {
  const directory = mkdtempSync(join(folder, "copy-"));
  await cp(from, directory, { recursive: true });
  const database = new DatabaseSync(join(directory, "platform.db"));
  database.exec(sql);
  database.close();
  return directory;
}

test("every call is sealed soon, at a stop the rest, after a kill with the next start, and a change is named", async () => {
  const data = join(folder, "data");
  const first = await start(data, 1);
  await makeCalls(first, calls);
  await vi.waitFor(
    async () =>
      expect(await verify(first)).toMatchObject({ ok: true, usage: { records: calls, first_bad: null } }),
    { timeout: 10_000, interval: 100 },
  );
  first.kill("SIGKILL");
  await first.exit;

  const second = await start(data, 3_600);
  await makeCalls(second, 2 * calls);
  expect(await verify(second)).toMatchObject({ ok: true, usage: { records: calls } });
  second.kill("SIGTERM");
  expect(await second.exit).toBe(0);
  expect(await offline(data)).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(/\nok: 12 records of calls in \d seals\n$/),
  });

  for (const [sql, told] of [
    ["UPDATE usage_ledger SET output_tokens = output_tokens - 1 WHERE id = 2", "rows_changed"],
    ["DELETE FROM usage_ledger WHERE id = 9", "rows_missing"],
  ] as const) {
    const result = await offline(await spoiled(data, sql));
    expect(result, result.stdout).toMatchObject({
      exitCode: 1,
      stdout: expect.stringMatching(
        new RegExp(String.raw`^ok: .*\nBAD: records of calls \d+ to \d+ \(seal \d+\): ${told}\. `),
      ),
    });
  }
  const online = await start(await spoiled(data, "DELETE FROM usage_ledger WHERE id = 1"), 3_600);
  expect(await verify(online)).toMatchObject({
    ok: false,
    first_bad: null,
    usage: { first_bad: { first_id: 1, reason: "rows_missing" } },
  });
  await online.stop();
});

test("a backup that is made under load, and restored, has the rows of all its seals", {
  timeout: 120_000,
}, async () => {
  const data = join(folder, "loaded");
  const platform = await start(data, 1);
  const state = { isOver: false };
  const load = (async () => {
    while (!state.isOver) await chat(platform, "fake/tiny-chat");
  })();
  onTestFinished(() => {
    state.isOver = true;
  });
  for (let count = 0; count < 3; count++) {
    const made = await ask(platform, "/api/v1/backups", { body: {} });
    expect(made.status, made.text).toBe(200);
    const restored = join(folder, `restored-${count}`);
    const file = String(member(made.json, "file"));
    const result = await runLlmp(["restore", file, "--data-dir", restored], {
      env: { LLM_PLATFORM_DATA_DIR: restored },
    });
    expect(result, result.stderr).toMatchObject({ exitCode: 0 });
    expect(await offline(restored)).toMatchObject({ exitCode: 0 });
  }
  state.isOver = true;
  await load;
  await platform.stop();
});
