import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { redisServer, startRedis } from "../services/redis.ts";
import { ask } from "./http.ts";
import { openAiIntegration, type Platform, startPlatform } from "./start-platform.ts";
import { startWithWorkers } from "./worker-platform.ts";

const waiting = { timeout: 20_000, interval: 100 };
const integrations = [openAiIntegration("fake", "http://127.0.0.1:9")];

function setLevels(platform: Platform, levels: readonly unknown[]) {
  return ask(platform, "/api/v1/system/log-levels", { method: "PUT", body: { levels } });
}

const countLines = (platform: Platform) => platform.log().split('"event":"integration.state_changed"').length;

/** Restarts an integration, and waits until that is an event: its line would be there by then. */
async function restart(platform: Platform): Promise<void> {
  const countEvents = async () => {
    const { text } = await ask(platform, "/integrations/events?limit=500");
    return text.split("integration.state_changed").length;
  };
  const before = await countEvents();
  const { status } = await ask(platform, "/integrations/fake/restart", { method: "POST", body: {} });
  expect(status).toBeLessThan(300);
  await vi.waitFor(async () => expect(await countEvents()).toBeGreaterThan(before), waiting);
}

/** Whether a restart is in the log. */
async function isLogged(platform: Platform): Promise<boolean> {
  const before = countLines(platform);
  await restart(platform);
  return countLines(platform) > before;
}

test("what is set holds at once, is on record, and can be taken back", { timeout: 60_000 }, async () => {
  const platform = await startPlatform({ config: { integrations, log: { levels: { audit: "warn" } } } });
  onTestFinished(async () => void (await platform.stop()));
  expect(await isLogged(platform)).toBe(true);
  const answer = await setLevels(platform, [{ part: "integration", level: "silent", minutes: 10 }]);
  expect(answer.json).toMatchObject({
    configured: { level: "info", levels: { audit: "warn" } },
    levels: [{ part: "integration", level: "silent", expires_at: expect.stringMatching(/^20.*Z$/) }],
  });
  await platform.logLine(/"event":"log\.levels_set"/);
  expect(await isLogged(platform)).toBe(false);
  const { text } = await ask(platform, "/api/v1/audit?operation=system.log_levels.set");
  expect(text).toContain("silent");
  expect((await setLevels(platform, [])).json).toMatchObject({ levels: [] });
  expect(await isLogged(platform)).toBe(true);
});

test("a restart keeps what was set", { timeout: 60_000 }, async () => {
  const directory = await mkdtemp(join(tmpdir(), "llm-platform-log-levels-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const first = await startPlatform({ config: { integrations }, dataDirectory: directory });
  await setLevels(first, [{ part: "integration", level: "silent" }]);
  await first.stop();
  const second = await startPlatform({ config: { integrations }, dataDirectory: directory });
  onTestFinished(async () => void (await second.stop()));
  expect(await isLogged(second)).toBe(false);
});

test.each([
  [[{ part: "audit", level: "loud" }]],
  [[{ part: "audit", level: "debug", minutes: 0 }]],
  [
    [
      { part: "audit", level: "debug" },
      { part: "audit", level: "info" },
    ],
  ],
])("levels that make no sense are refused: %j", async (levels) => {
  const platform = await startPlatform({ config: {} });
  onTestFinished(async () => void (await platform.stop()));
  expect((await setLevels(platform, levels)).status).toBe(400);
});

test("workers are told as well, and serve on", { timeout: 60_000 }, async () => {
  const platform = await startWithWorkers({ integrations });
  onTestFinished(async () => void (await platform.stop()));
  expect((await setLevels(platform, [{ level: "silent" }])).status).toBe(200);
  expect(await isLogged(platform)).toBe(false);
});

test.skipIf(redisServer === undefined)("another replica logs so as well", { timeout: 90_000 }, async () => {
  const redis = await startRedis();
  onTestFinished(async () => void (await redis.stop()));
  const start = async () => {
    const platform = await startPlatform({ env: { REDIS_URL: redis.url }, config: { integrations } });
    onTestFinished(async () => void (await platform.stop()));
    return platform;
  };
  const [one, other] = await Promise.all([start(), start()]);
  for (const platform of [one, other]) await platform.logLine(/"replicas":2,"event":"replicas.changed"/);
  await setLevels(one, [{ part: "integration", level: "silent" }]);
  await vi.waitFor(async () => {
    const { json } = await ask(other, "/api/v1/system/log-levels");
    expect(json).toMatchObject({ levels: [{ part: "integration", level: "silent", expires_at: null }] });
  }, waiting);
  expect(await isLogged(other)).toBe(false);
});
