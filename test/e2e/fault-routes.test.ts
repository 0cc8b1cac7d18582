import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { sendRaw } from "../fakes/raw-client.ts";
import { ask, chatBody, expectCleanSinks, expectRefusal, metric } from "./http.ts";
import { openAiIntegration, type Platform, startPlatform } from "./start-platform.ts";

const key = "team-key-0123456789";
const secondKey = "other-key-0123456789";

let openai: FakeUpstream;
let open: Platform;
let guarded: Platform;

beforeAll(async () => {
  openai = await createFakeUpstream({ dialect: "openai" });
  const integrations = [openAiIntegration("fake", openai.origin)];
  [open, guarded] = await Promise.all([
    startPlatform({ config: { integrations, server: { allowed_hosts: ["models.example"] } } }),
    startPlatform({
      config: {
        integrations,
        auth: {
          api_keys: [
            { name: "team", key, requests_per_minute: 5 },
            { name: "other", key: secondKey, role: "operator", requests_per_minute: 5 },
          ],
        },
      },
    }),
  ]);
});

afterAll(async () => {
  await Promise.all([open.stop(), guarded.stop()]);
  await openai.stop();
});

const routes = [
  ["/v1/chat/completions", "POST"],
  ["/v1/completions", "POST"],
  ["/v1/embeddings", "POST"],
  ["/v1/models", "GET, HEAD"],
  ["/v1/models/fake/tiny-chat", "GET, HEAD"],
  ["/local/ollama/generate", "POST"],
  ["/integrations/", "GET, HEAD, POST"],
  ["/integrations/health", "GET, HEAD, DELETE"],
  ["/integrations/fake/status", "GET, HEAD"],
  ["/integrations/fake/restart", "POST"],
  ["/integrations/fake/config", "GET, HEAD, PUT"],
  ["/api/v1/usage", "GET, HEAD"],
  ["/integrations/events", "GET, HEAD, DELETE"],
  ["/metrics", "GET, HEAD"],
  ["/livez", "GET, HEAD"],
  ["/readyz", "GET, HEAD"],
] as const;

const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"] as const;
const refused = routes.flatMap(([path, allowed]) =>
  methods
    .filter((method) => !allowed.split(", ").includes(method))
    .map((method) => [method, path, allowed] as const),
);

describe("H26", () => {
  test.each(refused)("%s %s is refused in JSON and says what is possible", async (method, path, allowed) => {
    const text = await exchange(
      open,
      `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
    );
    const [head = "", body = ""] = text.split("\r\n\r\n");
    expect(head).toMatch(/^HTTP\/1\.1 405 /);
    expect(head).toMatch(/\r\nx-request-id: req_/i);
    expect(head).toMatch(/\r\ncontent-type: application\/(problem\+)?json/i);
    for (const one of allowed.split(", ").filter((each) => each !== "HEAD"))
      expect(head).toMatch(new RegExp(`\\r\\nallow: [^\\r]*${one}`, "i"));
    expect(head).not.toMatch(/access-control-allow/i);
    if (method !== "HEAD") expect(JSON.parse(body)).toBeTypeOf("object");
  });

  test.each([
    "/nothing",
    "/v1",
    "/v1/",
    "/v1/nothing",
    "/v1/chat/completions/",
    "/V1/models",
    "/v1//models",
    "/integrations/fake/nothing",
    "/api/v1/nothing",
    "/local/nothing",
    "/favicon.ico",
    "/.env",
    "/debug/pprof",
    "/__proto__",
    "/v1/%2e%2e/metrics",
  ])("%s is not there, and says so in JSON", async (path) => {
    for (const method of ["GET", "POST", "DELETE"]) {
      const text = await exchange(
        open,
        `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
      );
      const [head = "", body = ""] = text.split("\r\n\r\n");
      expect(head).toMatch(/^HTTP\/1\.1 404 /);
      expect(head).toMatch(/\r\nx-request-id: req_/i);
      expect(JSON.parse(body)).toBeTypeOf("object");
    }
  });

  test("a model that is not there is told in the envelope", async () => {
    expectRefusal(await ask(open, "/v1/models/nothing"), { status: 404, code: "model_not_found" });
    expectRefusal(await ask(open, "/v1/models/%zz"), { status: 400, code: "invalid_request" });
  });

  test("a tunnel is refused", async () => {
    const text = await exchange(open, "CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    expect(text).not.toMatch(/^HTTP\/1\.1 2/);
  });

  test("an upgrade is refused or ignored, and never a switch", async () => {
    const text = await exchange(
      open,
      "GET /v1/models HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    expect(text).not.toMatch(/^HTTP\/1\.1 101/);
  });
});

describe("H24 without a key", () => {
  const guardedPaths = ["/v1/models", "/integrations/", "/api/v1/usage", "/metrics"];

  test.each(guardedPaths)("%s answers to no foreign Host", async (path) => {
    for (const host of [
      "evil.example",
      "127.0.0.1.evil.example",
      "localhost.evil.example",
      `evil.example:${open.port}`,
      "127.0.0.1@evil.example",
      "0.0.0.0",
      "[::]",
    ]) {
      const text = await exchange(open, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
      expect(text, host).toMatch(/^HTTP\/1\.1 421 /);
    }
  });

  test.each(guardedPaths)(
    "%s answers to this machine's names and to those that are allowed",
    async (path) => {
      for (const host of [
        "localhost",
        `127.0.0.1:${open.port}`,
        `[::1]:${open.port}`,
        "LOCALHOST",
        "models.example",
        "models.example:443",
      ]) {
        const text = await exchange(
          open,
          `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
        );
        expect(text, host).toMatch(/^HTTP\/1\.1 200 /);
      }
    },
  );

  test.each(guardedPaths)("%s answers to no page of another origin, and lets none read", async (path) => {
    for (const origin of [
      "null",
      "https://evil.example",
      "http://localhost.evil.example",
      "file://",
      "http://127.0.0.1.evil.example",
    ]) {
      const answer = await ask(open, path, { headers: { origin, cookie: "session=1" } });
      expect(answer.status, origin).toBe(403);
      expect(answer.headers.get("access-control-allow-origin")).toBeNull();
      expect(answer.headers.get("access-control-allow-credentials")).toBeNull();
    }
  });

  test("a page of another origin cannot spend tokens", async () => {
    const before = openai.totalRequests;
    const answer = await ask(open, "/v1/chat/completions", {
      body: chatBody("fake/tiny-chat"),
      headers: { origin: "https://evil.example" },
    });
    expectRefusal(answer, { status: 403, code: "forbidden" });
    expect(openai.totalRequests).toBe(before);
  });
});

describe("H22 with keys", () => {
  test.each([
    undefined,
    "Bearer wrong-key-0123456789",
    "Bearer ",
    "Basic dGVhbTprZXk=",
    `Bearer ${key.toUpperCase()}`,
    `Bearer ${key} ${key}`,
  ])("the credential %j is refused everywhere", async (authorization) => {
    for (const path of ["/v1/models", "/integrations/", "/api/v1/usage", "/metrics"]) {
      const answer = await ask(
        guarded,
        path,
        authorization === undefined ? {} : { headers: { authorization } },
      );
      expect(answer.status, path).toBe(401);
      expect(answer.headers.get("www-authenticate")).toMatch(/^Bearer/);
    }
    const answer = await ask(guarded, "/v1/chat/completions", {
      body: chatBody("fake/tiny-chat"),
      ...(authorization === undefined ? {} : { headers: { authorization } }),
    });
    expectRefusal(answer, { status: 401, code: "unauthenticated" });
  });

  test("the key opens by each header that clients send it in", async () => {
    for (const [name, value] of [
      ["authorization", `Bearer ${key}`],
      ["Authorization", `bearer ${key}`],
      ["x-api-key", key],
      ["api-key", key],
    ] as const) {
      expect((await ask(guarded, "/v1/models", { headers: { [name]: value } })).status, name).toBe(200);
    }
    expect((await ask(guarded, "/livez")).status).toBe(200);
    expect((await ask(guarded, "/readyz")).status).toBe(200);
  });

  test("a burst of ten times the limit has one budget, whatever else the requests say", async () => {
    const before = openai.requests.filter(({ method }) => method === "POST").length;
    const disguises = [
      (at: number) => ({ authorization: `Bearer ${key}`, "x-forwarded-for": `10.0.0.${at}` }),
      (at: number) => ({ authorization: `bearer ${key}`, "x-real-ip": `10.0.1.${at}` }),
      (at: number) => ({ authorization: `BEARER  ${key}`, forwarded: `for=10.0.2.${at}` }),
      (at: number) => ({ "x-api-key": key, "cf-connecting-ip": `10.0.3.${at}` }),
      () => ({ "api-key": key }),
    ];
    const calls = Array.from({ length: 50 }, (_, at) =>
      ask(guarded, ["/v1/chat/completions", "/v1/completions", "/v1/embeddings"][at % 3] ?? "", {
        body: {
          ...chatBody(at % 3 === 2 ? "fake/tiny-embed" : "fake/tiny-chat"),
          ...(at % 3 === 0 ? {} : { prompt: "a", input: "a" }),
        },
        headers: disguises[at % disguises.length]?.(at) ?? {},
      }),
    );
    const answers = await Promise.all(calls);
    const served = answers.filter(({ status }) => status === 200);
    const refusals = answers.filter(({ status }) => status === 429);
    expect(served).toHaveLength(5);
    expect(refusals).toHaveLength(45);
    expect(openai.requests.filter(({ method }) => method === "POST").length - before).toBe(5);
    for (const answer of refusals) {
      expectRefusal(answer, { status: 429, code: "rate_limited" });
      expect(Number(answer.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
      expect(Number(answer.headers.get("retry-after-ms"))).toBeGreaterThan(0);
      expect(answer.headers.get("x-ratelimit-limit-requests")).toBe("5");
      expect(answer.headers.get("x-ratelimit-remaining-requests")).toBe("0");
      expect(answer.headers.get("x-ratelimit-reset-requests")).toMatch(/^[\d.]+s$/);
    }
    expect(served.map((answer) => answer.headers.get("x-ratelimit-remaining-requests")).sort()).toEqual([
      "0",
      "1",
      "2",
      "3",
      "4",
    ]);
    const { text } = await ask(guarded, "/metrics", { headers: { authorization: `Bearer ${secondKey}` } });
    expect(text).toMatch(/llm_rate_limited_total\{[^}]*\} 45/);
  });

  test("another key has a budget of its own, and neither key is told to anyone", async () => {
    const answer = await ask(guarded, "/v1/chat/completions", {
      body: chatBody("fake/tiny-chat"),
      headers: { authorization: `Bearer ${secondKey}` },
    });
    expect(answer.status).toBe(200);
    const rows = await guarded.ledgerRows({ count: 6 });
    expect(rows.map(({ principal }) => principal)).toEqual(["team", "team", "team", "team", "team", "other"]);
    for (const secret of [key, secondKey]) {
      expect(guarded.log()).not.toContain(secret);
      expect(openai.requests.some((request) => JSON.stringify(request).includes(secret))).toBe(false);
    }
  });
});

test("refusals are counted and leak nothing", async () => {
  await ask(open, "/v1/chat/completions", { body: chatBody("fake/nothing") });
  expect(await metric(open, "llm_errors_total", '"model_not_found"')).toBeGreaterThan(0);
  await expectCleanSinks(open);
});

/** All that comes back for these bytes. */
async function exchange(platform: Platform, text: string): Promise<string> {
  const client = await sendRaw(platform.port, text);
  return (await client.done).text;
}
