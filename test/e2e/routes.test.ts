import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { runLlmp } from "./cli-process.ts";
import { ask, at, chatBody } from "./http.ts";
import { openAiIntegration, type Platform, startPlatform } from "./start-platform.ts";

const patient = { timeout: 60_000, interval: 100 };

let first: FakeUpstream;
let second: FakeUpstream;
let platform: Platform;

beforeAll(async () => {
  first = await createFakeUpstream({ dialect: "openai" });
  second = await createFakeUpstream({ dialect: "openai" });
  platform = await startPlatform({
    // Calls are served by other processes than the one that is asked: each has breakers of its own.
    env: { LLM_PLATFORM_SERVER__WORKERS: "2", LLM_PLATFORM_SERVER__FAST_LANE: "true" },
    config: {
      integrations: [openAiIntegration("first", first.origin), openAiIntegration("second", second.origin)],
      routing: {
        aliases: { quick: "first/tiny-chat", both: "second/tiny-chat", lost: "nowhere/model" },
        routes: [
          {
            model: "both",
            targets: [
              { model: "first/tiny-chat", weight: 3 },
              { model: "second/tiny-chat", weight: 1 },
            ],
            fallbacks: ["nowhere/model"],
          },
        ],
      },
      limits: { models: { "first/tiny-chat": { requests_per_minute: 1_000 } } },
      gateway: { max_retries: 0, breaker: { failures: 2, open_seconds: 3_600, max_open_seconds: 3_600 } },
    },
  });
});
afterAll(async () => {
  await platform?.stop();
  await first?.stop();
  await second?.stop();
});

async function routeOf(model: string): Promise<unknown> {
  const { json } = await ask(platform, `/api/v1/routes/show?model=${encodeURIComponent(model)}`);
  return at(json, "route");
}

test("names of the configuration come with what makes them, where they lead, and what bounds them", async () => {
  const { json } = await ask(platform, "/api/v1/routes");
  expect(json).toMatchObject({
    policy: { max_retries: 0, breaker: { failures: 2, open_seconds: 3_600, window_calls: 20 } },
  });
  expect(await routeOf("both")).toMatchObject({
    kind: "route",
    alias_of: null,
    setting: "routing.routes",
    // Its fallback is offered by nobody.
    state: "degraded",
    candidates: [
      { target: "first/tiny-chat", role: "target", weight: 3, share: 0.75, chance: 0.75, breaker: "closed" },
      { target: "second/tiny-chat", role: "target", weight: 1, share: 0.25, chance: 0.25 },
      { target: "nowhere/model", role: "fallback", weight: null, share: null, verdict: "not_offered" },
    ],
    limits: [{ model: "first/tiny-chat", requests_per_minute: 1_000, tokens_per_minute: null }],
  });
  expect(await routeOf("quick")).toMatchObject({
    kind: "alias",
    alias_of: "first/tiny-chat",
    setting: "routing.aliases",
    state: "ready",
  });
  expect(await routeOf("lost")).toMatchObject({ kind: "alias", state: "down" });
  expect(await routeOf("first/tiny-chat")).toMatchObject({ kind: "target", setting: null });
  expect(await routeOf("tiny-chat")).toMatchObject({
    kind: "model",
    candidates: [{ share: 0.5 }, { share: 0.5 }],
  });
  expect((await ask(platform, "/api/v1/routes/show?model=absent")).status).toBe(404);
  const aliases = await ask(platform, "/api/v1/routes?kind=alias");
  expect(at(aliases.json, "routes")).toMatchObject([{ model: "lost" }, { model: "quick" }]);
});

test("a breaker that is open in a worker is open, and the calls' way leads around it", async () => {
  first.always({ kind: "status", status: 500 });
  await vi.waitFor(async () => {
    await ask(platform, "/v1/chat/completions", { body: chatBody("first/tiny-chat") });
    expect(await routeOf("both")).toMatchObject({
      state: "degraded",
      candidates: [
        { target: "first/tiny-chat", breaker: "open", verdict: "open_breaker", chance: 0 },
        { target: "second/tiny-chat", breaker: "closed", verdict: "chosen", chance: 1 },
        { target: "nowhere/model" },
      ],
    });
  }, patient);
  const explained = await ask(platform, "/api/v1/routes/explain?model=quick");
  expect(explained.json).toMatchObject({ candidates: [{ breaker: "open", chance: 0 }] });
  expect(await routeOf("quick")).toMatchObject({ state: "down" });
});

test("the command line shows the same", async () => {
  const env = { LLM_PLATFORM_URL: platform.url };
  const { stdout, exitCode } = await runLlmp(["routes", "--kind", "route"], { env });
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^NAME +KIND +STATE +LEADS TO/);
  expect(stdout).toMatch(
    /both +route +degraded +first\/tiny-chat \(75%, breaker open\), second\/tiny-chat \(25%\)/,
  );
}, 60_000);
