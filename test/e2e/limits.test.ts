import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { type Answer, ask, chatBody, expectRefusal, member } from "./http.ts";
import { setUps } from "./set-ups.ts";
import { openAiIntegration, type Platform, startPlatform } from "./start-platform.ts";

const keys = { team: "team-key-0123456789", spare: "spare-key-0123456789", root: "root-key-0123456789" };
const model = "fake/tiny-chat";

let openai: FakeUpstream;

beforeAll(async () => {
  openai = await createFakeUpstream({ dialect: "openai" });
});
afterEach(() => openai.reset());
afterAll(() => openai.stop());

type Calling = {
  readonly key?: string;
  readonly model?: string;
  readonly body?: object;
  readonly from?: string;
};

function call(platform: Platform, calling: Calling = {}) {
  const { key = keys.team, model: name = model, body = {}, from } = calling;
  const headers = {
    authorization: `Bearer ${key}`,
    ...(from === undefined ? {} : { "x-forwarded-for": from }),
  };
  return ask(platform, "/v1/chat/completions", { body: chatBody(name, { ...body }), headers });
}

function burst(platform: Platform, count: number, calling: Calling = {}): Promise<readonly Answer[]> {
  return Promise.all(Array.from({ length: count }, () => call(platform, calling)));
}

const served = (answers: readonly Answer[]) => answers.filter(({ status }) => status === 200);
const refused = (answers: readonly Answer[]) => answers.filter(({ status }) => status !== 200);

function expectWait(answer: Answer): void {
  expect(Number(answer.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
  expect(Number(answer.headers.get("retry-after-ms"))).toBeGreaterThan(0);
}

describe.each(setUps)("limits over %s", (_name, env) => {
  function start(config: Readonly<Record<string, unknown>>, team: object = {}): Promise<Platform> {
    return startPlatform({
      env,
      config: {
        integrations: [openAiIntegration("fake", openai.origin)],
        routing: { aliases: { nick: model } },
        auth: {
          api_keys: [
            { name: "team", key: keys.team, ...team },
            { name: "spare", key: keys.spare },
            { name: "root", key: keys.root, role: "admin" },
          ],
        },
        ...config,
      },
    });
  }

  test("ten times the calls of a minute: the limit goes through, to the call", async () => {
    const platform = await start({ limits: { default_key: { requests_per_minute: 20 } } });
    const answers = await burst(platform, 200);
    expect(served(answers)).toHaveLength(20);
    for (const answer of refused(answers)) {
      expectRefusal(answer, { status: 429, code: "rate_limited" });
      expectWait(answer);
      expect(answer.headers.get("x-ratelimit-limit-requests")).toBe("20");
      expect(answer.headers.get("x-ratelimit-remaining-requests")).toBe("0");
    }
    expect(answers[199]?.text).toContain("The key team may make 20 calls a minute");
    expect(served(await burst(platform, 3, { key: keys.spare }))).toHaveLength(3);
    const { text } = await ask(platform, "/metrics", { headers: { authorization: `Bearer ${keys.root}` } });
    expect(text).toContain('llm_rate_limited_total{limit="key_requests"} 180');
    await platform.stop();
  });

  test("tokens are reserved by what a reply may have, and settled by what it had", async () => {
    const platform = await start({}, { tokens_per_minute: 6_000 });
    const first = await call(platform, { body: { max_tokens: 2_000 } });
    const usage = member(first.json, "usage");
    const total = Number(member(usage, "total_tokens"));
    expect(total).toBeGreaterThan(0);
    expect(first.headers.get("x-ratelimit-limit-tokens")).toBe("6000");
    expect(Number(first.headers.get("x-ratelimit-remaining-tokens"))).toBeLessThan(4_000);
    const second = await call(platform, { body: { max_completion_tokens: 100 } });
    // The unused part of the first came back.
    expect(Number(second.headers.get("x-ratelimit-remaining-tokens"))).toBeGreaterThan(5_000);
    expect(Number(second.headers.get("x-ratelimit-remaining-tokens"))).toBeLessThanOrEqual(5_900);
    openai.always({ kind: "stream", chunks: 40, intervalMs: 50 });
    const answers = await burst(platform, 10, { body: { max_tokens: 1_900, stream: true } });
    expect(served(answers)).toHaveLength(3);
    for (const answer of refused(answers)) {
      expectRefusal(answer, { status: 429, code: "rate_limited" });
      expectWait(answer);
      expect(answer.text).toContain("6000 tokens a minute");
    }
    await platform.stop();
  });

  test("a stream that used more than was reserved is a debt of the minutes after it", async () => {
    const platform = await start({ limits: { assumed_output_tokens: 1 } }, { tokens_per_minute: 100 });
    openai.always({ kind: "stream", chunks: 300 });
    expect((await call(platform, { body: { stream: true } })).status).toBe(200);
    const late = await call(platform, { body: { max_tokens: 1 } });
    expectRefusal(late, { status: 429, code: "rate_limited" });
    expect(Number(late.headers.get("retry-after"))).toBeGreaterThan(90);
    expect(late.headers.get("x-ratelimit-remaining-tokens")).toBe("0");
    await platform.stop();
  });

  test("calls at once: as many as the key may have, and more when they have ended", async () => {
    const platform = await start({}, { max_concurrent: 3 });
    for (let round = 0; round < 3; round++) {
      openai.always({ kind: "stream", chunks: 10, intervalMs: 40 });
      const answers = await burst(platform, 12, { body: { stream: true } });
      expect(served(answers)).toHaveLength(3);
      for (const answer of refused(answers)) {
        expectRefusal(answer, { status: 429, code: "rate_limited" });
        expectWait(answer);
      }
    }
    await platform.stop();
  });

  test("a model's limit holds for each of its names, and is the server's fault when it is busy", async () => {
    const platform = await start({ limits: { models: { "tiny-chat": { max_concurrent: 2 } } } });
    openai.always({ kind: "stream", chunks: 10, intervalMs: 40 });
    const names = [model, "tiny-chat", "nick"];
    const answers = await Promise.all(
      names.flatMap((name) => [0, 1, 2].map(() => call(platform, { model: name, body: { stream: true } }))),
    );
    expect(served(answers)).toHaveLength(2);
    for (const answer of refused(answers)) {
      expectRefusal(answer, { status: 503, code: "overloaded" });
      expectWait(answer);
    }
    await platform.stop();
  });

  test("an address has one budget for all keys, whatever it says that it forwards", async () => {
    const platform = await start({ limits: { default_address: { requests_per_minute: 5 } } });
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, at) =>
        call(platform, { key: at % 2 === 0 ? keys.team : keys.spare, from: `10.0.0.${at}` }),
      ),
    );
    expect(served(answers)).toHaveLength(5);
    for (const answer of refused(answers)) expectRefusal(answer, { status: 429, code: "rate_limited" });
    expect(refused(answers)[0]?.text).toContain("Callers from this address together may make 5 calls");
    // Chunked, it is not the fast lane's: a worker sends the whole connection on.
    const odd = await fetch(`${platform.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${keys.team}`, "content-type": "application/json" },
      body: new Blob([JSON.stringify(chatBody(model))]).stream(),
      duplex: "half",
    });
    expect(odd.status).toBe(429);
    await odd.text();
    await platform.stop();
  });

  test("behind a trusted proxy the address before it counts, and what that one invents does not", async () => {
    const platform = await start({
      server: { trusted_proxies: ["127.0.0.0/8", "::1"] },
      limits: { default_address: { requests_per_minute: 3 } },
    });
    const all = async (from: (at: number) => string) =>
      served(await Promise.all(Array.from({ length: 9 }, (_, at) => call(platform, { from: from(at) }))));
    expect(await all((at) => `10.9.9.${at}, 192.0.2.1`)).toHaveLength(3);
    expect(await all((at) => `192.0.2.${at + 10}`)).toHaveLength(9);
    expect(await all((at) => `2001:db8:1:2::${at}, 127.0.0.9`)).toHaveLength(3);
    expect(await all((at) => `2001:db8:1:${at + 3}::1`)).toHaveLength(9);
    await platform.stop();
  });

  test("a refusal by the limit of all takes nothing of the key's", async () => {
    const platform = await start(
      { limits: { global: { requests_per_minute: 4 } } },
      { requests_per_minute: 100 },
    );
    expect(served(await burst(platform, 4, { key: keys.spare }))).toHaveLength(4);
    const answers = await burst(platform, 10);
    expect(served(answers)).toHaveLength(0);
    for (const answer of answers) expect(answer.text).toContain("All callers together may make 4 calls");
    expect(answers[9]?.headers.get("x-ratelimit-limit-requests")).toBe("4");
    await platform.stop();
  });
});
