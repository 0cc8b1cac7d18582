import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { type Answer, ask, at, chatBody, member } from "./http.ts";
import { setUps } from "./set-ups.ts";
import { openAiIntegration, type Platform, startPlatform } from "./start-platform.ts";

const keys = { root: "root-key-0123456789", dev: "dev-key-0123456789", slow: "slow-key-0123456789" };

let first: FakeUpstream;
let second: FakeUpstream;

beforeAll(async () => {
  first = await createFakeUpstream({ dialect: "openai" });
  second = await createFakeUpstream({ dialect: "openai" });
});
afterEach(async () => {
  await first.reset();
  await second.reset();
});
afterAll(async () => {
  await first.stop();
  await second.stop();
});

function start(env: Readonly<Record<string, string>>, more: object = {}): Promise<Platform> {
  return startPlatform({
    env,
    config: {
      integrations: [openAiIntegration("first", first.origin), openAiIntegration("second", second.origin)],
      auth: {
        api_keys: [
          { name: "root", key: keys.root, role: "admin" },
          { name: "dev", key: keys.dev },
          { name: "slow", key: keys.slow, requests_per_minute: 1 },
        ],
      },
      routing: {
        routes: [
          {
            model: "both",
            targets: [{ model: "first/tiny-chat", weight: 1 }],
            fallbacks: ["second/tiny-chat"],
          },
        ],
      },
      prices: [{ model: "tiny-chat", input_per_million: 3, output_per_million: 7, currency: "EUR" }],
      ...more,
    },
  });
}

const asRoot = { authorization: `Bearer ${keys.root}` };

async function call(
  platform: Platform,
  body: object | string,
  key = keys.dev,
): Promise<Answer & { readonly tookMs: number }> {
  const startedAtMs = performance.now();
  const answer = await ask(platform, "/v1/chat/completions", {
    body,
    headers: { authorization: `Bearer ${key}` },
  });
  return { ...answer, tookMs: performance.now() - startedAtMs };
}

/** The explanation of a call, as soon as it is kept. */
async function explain(platform: Platform, id: string, headers: Readonly<Record<string, string>> = asRoot) {
  for (let tries = 0; ; tries++) {
    const answer = await ask(platform, `/api/v1/requests/${id}`, { headers });
    const isWhole = answer.status === 200 && at(answer.json, "request", "status") !== "unfinished";
    if (isWhole || tries === 50) return answer;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

interface Phase {
  readonly phase: string;
  readonly attempt: number | null;
  readonly start_us: number;
  readonly duration_us: number;
}

/** The phases of an explanation, which follow on each other and are no more than the whole. */
function phasesOf(answer: Answer): readonly Phase[] {
  // Our own wire.
  const phases = at(answer.json, "times", "phases") as readonly Phase[];
  let atUs = 0;
  for (const { start_us, duration_us } of phases) {
    expect(start_us).toBe(atUs);
    atUs += duration_us;
  }
  expect(atUs).toBeLessThanOrEqual(Number(at(answer.json, "times", "total_us")));
  return phases;
}

describe.each(setUps)("a call over %s is explained:", (_name, env) => {
  let platform: Platform;
  beforeAll(async () => {
    platform = await start(env);
  });
  afterAll(() => platform.stop());

  test("a plain one, by the id of its answer, with times that make up the whole", async () => {
    const answer = await call(platform, chatBody("first/tiny-chat", { stream: true }));
    const found = await explain(platform, answer.requestId);
    expect(found.json).toMatchObject({
      request: {
        id: answer.requestId,
        status: "ok",
        outcome: "stop",
        principal: "dev",
        requested_model: "first/tiny-chat",
        integration: "first",
        upstream_model: "tiny-chat",
        stream: true,
        attempt_count: 1,
        error_code: null,
      },
      candidates: [{ target: "first/tiny-chat", verdict: "chosen", breaker: "closed", share: 1 }],
      attempts: [{ attempt: 1, outcome: "stop", price_version: expect.any(String) }],
    });
    const totalUs = Number(at(found.json, "times", "total_us"));
    expect(phasesOf(found).map(({ phase }) => phase)).toContain("first_byte");
    expect(totalUs / 1_000).toBeLessThanOrEqual(answer.tookMs + 1);
    expect(Math.abs(totalUs / 1_000 - Number(at(found.json, "request", "duration_ms")))).toBeLessThanOrEqual(
      1,
    );
  });

  test("the time that the upstream took is told as its", async () => {
    first.script({ kind: "slow-head", delayMs: 300 });
    const answer = await call(platform, chatBody("first/tiny-chat", { stream: false }));
    const found = await explain(platform, answer.requestId);
    const waited = phasesOf(found).find(({ phase }) => phase === "first_byte");
    expect(Number(waited?.duration_us)).toBeGreaterThanOrEqual(295_000);
    expect(Number(waited?.duration_us) / 1_000).toBeLessThanOrEqual(answer.tookMs);
  });

  test("one that was tried again elsewhere, with what both attempts were", async () => {
    first.script({ kind: "status", status: 500 });
    const answer = await call(platform, chatBody("both", { stream: true }));
    expect(answer.status).toBe(200);
    const found = await explain(platform, answer.requestId);
    expect(found.json).toMatchObject({
      request: { status: "ok", attempt_count: 2, integration: "second" },
      candidates: [
        { target: "first/tiny-chat", verdict: "tried_before", share: 1 },
        { target: "second/tiny-chat", verdict: "chosen", share: null },
      ],
      attempts: [
        { attempt: 1, integration: "first", outcome: "upstream_error", http_status: 500 },
        { attempt: 2, integration: "second", outcome: "stop" },
      ],
    });
    const phases = phasesOf(found);
    expect(phases.map(({ phase, attempt }) => `${phase} ${attempt}`)).toEqual(
      expect.arrayContaining(["first_byte 1", "back_off null", "first_byte 2"]),
    );
  });

  test("a stream that was cut", async () => {
    second.script({ kind: "end-after-events", events: 2 });
    const answer = await call(platform, chatBody("second/tiny-chat", { stream: true }));
    expect((await explain(platform, answer.requestId)).json).toMatchObject({
      request: { status: "failed", outcome: "upstream_incomplete", error_code: "upstream_incomplete" },
    });
  });

  test("one that its client gave up", async () => {
    second.script({ kind: "hang" });
    const gone = new AbortController();
    const asked = second.requests.length;
    const calling = fetch(`${platform.url}/v1/chat/completions`, {
      method: "POST",
      body: JSON.stringify(chatBody("second/tiny-chat")),
      headers: { authorization: `Bearer ${keys.dev}`, "content-type": "application/json" },
      signal: gone.signal,
    }).catch(() => undefined);
    while (second.requests.length === asked) await new Promise((resolve) => setTimeout(resolve, 10));
    gone.abort();
    await calling;
    await platform.ledgerRows({ count: 1 });
    for (let tries = 0; tries < 50; tries++) {
      const { json } = await ask(platform, "/api/v1/requests?status=cancelled", { headers: asRoot });
      if (at(json, "requests", "0") !== undefined) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const { json } = await ask(platform, "/api/v1/requests?status=cancelled", { headers: asRoot });
    expect(json).toMatchObject({
      requests: [{ status: "cancelled", error_code: "client_cancelled", attempt_count: 1, principal: "dev" }],
    });
  });

  test("what never reached an upstream, as its client was told", async () => {
    await call(platform, chatBody("first/tiny-chat"), keys.slow);
    const refusals = [
      [await call(platform, chatBody("first/tiny-chat"), keys.slow), "rate_limited", 429, "slow"],
      [await call(platform, chatBody("no-such-model")), "model_not_found", 404, "dev"],
      [await call(platform, "{"), "invalid_request", 400, "dev"],
    ] as const;
    for (const [answer, code, status, principal] of refusals) {
      expect(answer.status).toBe(status);
      const found = await explain(platform, answer.requestId);
      expect(found.json).toMatchObject({
        request: { status: "refused", error_code: code, http_status: status, principal, attempt_count: 0 },
        attempts: [],
      });
      expect(answer.text).toContain(String(at(found.json, "request", "message")).slice(0, 20));
      phasesOf(found);
    }
    const unknown = await call(platform, chatBody("first/tiny-chat"), "no-such-key");
    expect(unknown.status).toBe(401);
    expect((await ask(platform, `/api/v1/requests/${unknown.requestId}`, { headers: asRoot })).status).toBe(
      404,
    );
  });

  test("to the one who made it, and to nobody else without usage.read", async () => {
    const mine = await call(platform, chatBody("first/tiny-chat"), keys.dev);
    const other = await call(platform, chatBody("first/tiny-chat"), keys.root);
    const asDev = { authorization: `Bearer ${keys.dev}` };
    expect((await explain(platform, mine.requestId, asDev)).status).toBe(200);
    await explain(platform, other.requestId);
    expect((await ask(platform, `/api/v1/requests/${other.requestId}`, { headers: asDev })).status).toBe(404);
    const { json } = await ask(platform, "/api/v1/requests?limit=200", { headers: asDev });
    const listed = member(json, "requests") as readonly { readonly principal: string }[];
    expect(new Set(listed.map(({ principal }) => principal))).toEqual(new Set(["dev"]));
    expect((await ask(platform, "/api/v1/requests?user=somebody", { headers: asDev })).status).toBe(403);
  });

  test("as it ends, to those who follow", async () => {
    const gone = new AbortController();
    const stream = await fetch(`${platform.url}/api/v1/requests`, {
      headers: { ...asRoot, accept: "text/event-stream" },
      signal: gone.signal,
    });
    // The tail is read from the second look on.
    const decoder = new TextDecoder();
    let seen = "";
    const reading = (async () => {
      for await (const bytes of stream.body ?? []) {
        seen += decoder.decode(bytes, { stream: true });
        if (seen.includes("request.ended")) return;
      }
    })();
    const calling = setInterval(() => void call(platform, chatBody("first/tiny-chat")), 200);
    await reading;
    clearInterval(calling);
    gone.abort();
    expect(seen).toMatch(/event: request\.ended\ndata: \{"id":"req_/);
  });
});

test("a target that is held back is named as the reason why another one was asked, and a queue as where time went", async () => {
  const platform = await start({}, { gateway: { max_in_flight: 1 }, limits: { queue: { size: 8 } } });
  first.always({ kind: "status", status: 500 });
  for (let number = 0; number < 6; number++) await call(platform, chatBody("both"));
  const answer = await call(platform, chatBody("both"));
  expect((await explain(platform, answer.requestId)).json).toMatchObject({
    request: { integration: "second", attempt_count: 1 },
    candidates: [
      { target: "first/tiny-chat", verdict: "open_breaker", breaker: "open" },
      { target: "second/tiny-chat", verdict: "chosen" },
    ],
  });
  const dry = await ask(platform, "/api/v1/routes/explain?model=both", { headers: asRoot });
  expect(dry.json).toMatchObject({
    candidates: [
      {
        target: "first/tiny-chat",
        role: "target",
        verdict: "open_breaker",
        chance: 0,
        wait_ms: expect.any(Number),
      },
      { target: "second/tiny-chat", role: "fallback", verdict: "chosen", chance: 1, wait_ms: 0 },
    ],
  });
  const alone = await call(platform, chatBody("first/tiny-chat"));
  expect(alone.status).toBe(503);
  expect((await explain(platform, alone.requestId)).json).toMatchObject({
    request: { status: "refused", error_code: "unavailable" },
    candidates: [{ target: "first/tiny-chat", verdict: "open_breaker" }],
  });
  second.always({ kind: "slow-head", delayMs: 200 });
  const both = await Promise.all([
    call(platform, chatBody("second/tiny-chat")),
    call(platform, chatBody("second/tiny-chat")),
  ]);
  const explained = await Promise.all(both.map(({ requestId }) => explain(platform, requestId)));
  const { json } = await ask(platform, "/api/v1/requests?sort=duration&limit=1", { headers: asRoot });
  const slowest = explained.find(
    (each) => at(each.json, "request", "id") === at(json, "requests", "0", "id"),
  );
  if (slowest === undefined) throw new Error("the slowest call is none of the two");
  const spent = phasesOf(slowest).find(({ phase }) => phase === "queue");
  expect(Number(spent?.duration_us)).toBeGreaterThan(150_000);
  await platform.stop();
});
