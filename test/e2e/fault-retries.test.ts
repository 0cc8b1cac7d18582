import { createServer } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import {
  ask,
  chat,
  chatBody,
  contentOf,
  eventsOf,
  expectBrokenStream,
  expectCleanSinks,
  expectRefusal,
  metric,
  onlyRow,
} from "./http.ts";
import { ollamaIntegration, openAiIntegration, type Platform, startPlatform } from "./start-platform.ts";

const said = "echo: one two three four five";

let first: FakeUpstream;
let second: FakeUpstream;
let third: FakeUpstream;
let platform: Platform;

beforeAll(async () => {
  const models = ["a", "b", "c", "d", "e", "f", "g"].map((name) => `${name}:latest`);
  first = await createFakeUpstream({ dialect: "openai", models });
  second = await createFakeUpstream({ dialect: "openai", models });
  third = await createFakeUpstream({ dialect: "ollama", models });
  const retry_config = { max_retries: 100 };
  platform = await startPlatform({
    config: {
      gateway: {
        first_byte_timeout_seconds: 1,
        connect_timeout_seconds: 1,
        breaker: { failures: 5, open_seconds: 1, max_open_seconds: 1 },
      },
      integrations: [
        openAiIntegration("first", first.origin),
        openAiIntegration("second", second.origin),
        ollamaIntegration("third", third.origin),
      ].map((entry) => ({ ...entry, retry_config })),
      routing: {
        routes: models.map((model) => ({
          model: `any-${model.slice(0, 1)}`,
          targets: [{ model: `first/${model}` }],
          fallbacks: [`second/${model}`, `third/${model}`],
        })),
      },
    },
  });
});

beforeEach(() => Promise.all([first, second, third].map((upstream) => upstream.reset())));

afterAll(async () => {
  await platform.stop();
  await Promise.all([first, second, third].map((upstream) => upstream.stop()));
});

test("S01 an upstream that fails before its head is replaced by the next one, unseen by the client", async () => {
  const retriesBefore = await metric(platform, "llm_retries_total");
  first.always({ kind: "reset-before-head" });
  const answer = await chat(platform, "any-a");
  expect(contentOf(answer.text)).toBe(said);
  expect(eventsOf(answer.text).at(-1)).toBe("[DONE]");
  expect(answer.headers.get("x-llmp-provider")).not.toBe("first");
  expect(answer.headers.get("x-llmp-attempts")).toBe("2");
  const rows = await platform.ledgerRows({ count: 2, requestId: answer.requestId });
  expect(rows.map(({ integration, outcome }) => [integration, outcome])).toEqual([
    ["first", "upstream_incomplete"],
    [answer.headers.get("x-llmp-provider"), "stop"],
  ]);
  expect(await metric(platform, "llm_retries_total")).toBe(retriesBefore + 1);
});

test("S01 a refused connection is told as such when nothing else is left", async () => {
  first.refuse();
  const answer = await chat(platform, "first/b:latest");
  await first.listenOn();
  expectRefusal(answer, { status: 502, code: "upstream_error" });
  expect(answer.headers.get("x-should-retry")).toBe("false");
  const rows = await platform.ledgerRows({ count: 1, requestId: answer.requestId });
  expect(new Set(rows.map(({ attemptId }) => attemptId)).size).toBe(rows.length);
  expect(rows.length).toBeLessThanOrEqual(3);
});

test("S01 two upstreams that are refused leave the third, which speaks another dialect", async () => {
  first.refuse();
  second.refuse();
  const answers = [await chat(platform, "any-b"), await chat(platform, "any-b", { stream: false })];
  expect(contentOf(answers[0]?.text ?? "")).toBe(said);
  expect(answers[1]?.json).toMatchObject({
    choices: [{ message: { content: said }, finish_reason: "stop" }],
  });
  for (const answer of answers) expect(answer.headers.get("x-llmp-provider")).toBe("third");
});

test("S17 a failure after the first content is never tried again", async () => {
  first.script({
    kind: "together",
    faults: [
      { kind: "stream", intervalMs: 20 },
      { kind: "reset-after-events", events: 3 },
    ],
  });
  const others = second.totalRequests + third.totalRequests;
  const answer = await chat(platform, "any-c");
  expectBrokenStream(answer, "upstream_incomplete");
  expect(contentOf(answer.text)).not.toBe("");
  expect((await onlyRow(platform, answer.requestId)).outcome).toBe("upstream_incomplete");
  expect(second.totalRequests + third.totalRequests).toBe(others);
});

test("S17 a reply that is refused as invalid is not tried elsewhere", async () => {
  first.script({ kind: "status", status: 400 });
  const answer = await chat(platform, "any-c");
  expectRefusal(answer, { status: 400, code: "invalid_request" });
  await onlyRow(platform, answer.requestId);
});

test("S16 an upstream that always fails sees no more than a fifth on top, and soon no calls at all", async () => {
  first.always({ kind: "status", status: 503 });
  const before = first.totalRequests;
  const answers = await Promise.all(
    Array.from({ length: 100 }, () =>
      ask(platform, "/v1/chat/completions", { body: chatBody("first/d:latest") }),
    ),
  );
  expect(first.totalRequests - before).toBeLessThanOrEqual(120);
  for (const answer of answers) expect([502, 503]).toContain(answer.status);
  const atOpening = first.totalRequests;
  const held = await Promise.all(
    Array.from({ length: 20 }, () =>
      ask(platform, "/v1/chat/completions", { body: chatBody("first/d:latest") }),
    ),
  );
  expect(first.totalRequests).toBe(atOpening);
  for (const answer of held) {
    expectRefusal(answer, { status: 503, code: "unavailable" });
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
  }
  expect(await metric(platform, "llm_circuit_state", '"first"', '"d:latest"')).toBeGreaterThan(0);
  await first.reset();
  await expect
    .poll(async () => (await chat(platform, "first/d:latest")).status, { timeout: 5_000 })
    .toBe(200);
});

test("S18 one bad target of three is left alone, and when all are bad they are still asked", async () => {
  first.always({ kind: "status", status: 500 });
  for (let at = 0; at < 8; at += 1) expect((await chat(platform, "any-e")).status).toBe(200);
  const asked = first.totalRequests;
  for (let at = 0; at < 4; at += 1)
    expect((await chat(platform, "any-e")).headers.get("x-llmp-attempts")).toBe("1");
  expect(first.totalRequests - asked).toBeLessThanOrEqual(2);
  second.always({ kind: "status", status: 500 });
  third.always({ kind: "status", status: 500 });
  for (let at = 0; at < 12; at += 1) await chat(platform, "any-e");
  const all = () => first.totalRequests + second.totalRequests + third.totalRequests;
  const before = all();
  expectRefusal(await chat(platform, "any-e"), { status: 502, code: "upstream_error" });
  expect(all()).toBeGreaterThan(before);
});

test.each([
  ["seconds", { form: "seconds", value: 7 }, 7],
  ["milliseconds", { form: "ms", value: 6_500 }, 7],
] as const)(
  "a limit of the upstream reaches the client with its time, given in %s",
  async (_name, retryAfter, seconds) => {
    first.script({ kind: "status", status: 429, retryAfter });
    const answer = await chat(platform, "first/f:latest");
    expectRefusal(answer, { status: 429, code: "rate_limited" });
    expect(answer.headers.get("retry-after")).toBe(String(seconds));
    expect(answer.headers.get("x-llmp-error-source")).toBe("provider");
  },
);

test("S24 a name that does not resolve is told as such, and holds up nobody", async () => {
  const lost = await startPlatform({
    config: {
      gateway: { connect_timeout_seconds: 1 },
      integrations: [
        openAiIntegration("lost", "http://no-such-host.invalid"),
        openAiIntegration("first", first.origin),
      ],
      routing: { aliases: { lost: "lost/anything" } },
    },
  });
  expect(lost.readyAfterMs).toBeLessThan(15_000);
  expect((await chat(lost, "first/g:latest")).status).toBe(200);
  const answer = await chat(lost, "lost");
  expect([502, 503]).toContain(answer.status);
  expect(answer.json).toMatchObject({ error: { request_id: answer.requestId } });
  const status = () => ask(lost, "/integrations/lost/status").then(({ json }) => json);
  await expect.poll(status, { timeout: 10_000 }).toMatchObject({
    state: expect.not.stringMatching(/^running$/),
    reason: expect.stringMatching(/dns|resolve|name/i),
  });
  await lost.stop();
});

test("S24 a host that takes connections and says nothing costs the time-out, not more", async () => {
  const silent = createServer(() => undefined).listen(0, "127.0.0.1");
  await new Promise((resolve) => silent.once("listening", resolve));
  const address = silent.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const mute = await startPlatform({
    config: {
      gateway: { first_byte_timeout_seconds: 1 },
      integrations: [
        openAiIntegration("mute", `http://127.0.0.1:${port}`),
        openAiIntegration("first", first.origin),
      ],
    },
  });
  expect(mute.readyAfterMs).toBeLessThan(15_000);
  expect((await chat(mute, "first/g:latest")).status).toBe(200);
  const sentAtMs = performance.now();
  const answer = await chat(mute, "mute/anything");
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(performance.now() - sentAtMs).toBeLessThan(15_000);
  await mute.stop();
  silent.close();
});

test("none of what the fakes planted is in the log or the metrics", () => expectCleanSinks(platform));
