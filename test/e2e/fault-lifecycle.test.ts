import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import {
  type Answer,
  ask,
  chat,
  contentOf,
  eventsOf,
  expectBrokenStream,
  expectCleanSinks,
  expectRefusal,
  member,
} from "./http.ts";
import { setUps } from "./set-ups.ts";
import { ollamaIntegration, openAiIntegration, type Platform, startPlatform } from "./start-platform.ts";

let openai: FakeUpstream;
let ollama: FakeUpstream;

beforeAll(async () => {
  openai = await createFakeUpstream({ dialect: "openai" });
  ollama = await createFakeUpstream({ dialect: "ollama" });
});

afterAll(() => Promise.all([openai.stop(), ollama.stop()]));

function start(
  more: Readonly<Record<string, unknown>> = {},
  nodeFlags: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Platform> {
  return startPlatform({
    env,
    config: {
      ...more,
      integrations: [openAiIntegration("fake", openai.origin), ollamaIntegration("lama", ollama.origin)],
    },
    nodeFlags,
  });
}

/** That many streams at once, half of them over each upstream; settles when all have begun. */
async function openStreams(
  platform: Platform,
  count: number,
  pace: string,
): Promise<readonly Promise<Answer>[]> {
  const seen = openai.totalRequests + ollama.totalRequests;
  const answers = Array.from({ length: count }, (_, at) =>
    chat(platform, at % 2 === 0 ? `fake/tiny-chat` : `lama/tiny-chat:latest`, { user: pace }),
  );
  await expect
    .poll(() => openai.totalRequests + ollama.totalRequests, { timeout: 10_000 })
    .toBeGreaterThanOrEqual(seen + count);
  return answers;
}

test("O14 a cold start takes calls within five seconds", async () => {
  const platform = await start();
  expect(platform.readyAfterMs).toBeLessThan(5_000);
  expect((await ask(platform, "/readyz")).status).toBe(200);
  expect((await chat(platform, "fake/tiny-chat")).status).toBe(200);
  expect(await platform.stop()).toBe(0);
});

test("O01 a stop lets streams end, tells those that do not, and leaves one row of each", async () => {
  const platform = await start({ server: { drain_seconds: 2 } });
  openai.always({ kind: "stream", chunks: 20, intervalMs: 50 });
  ollama.always({ kind: "stream", chunks: 20, intervalMs: 50 });
  const short = await openStreams(platform, 40, "short");
  openai.always({ kind: "endless-stream", intervalMs: 50 });
  ollama.always({ kind: "endless-stream", intervalMs: 50 });
  const long = await openStreams(platform, 40, "long");

  const toldAtMs = performance.now();
  platform.kill("SIGTERM");
  await expect
    .poll(() => ask(platform, "/readyz").then(({ status }) => status), { interval: 10, timeout: 1_000 })
    .toBe(503);
  expect(performance.now() - toldAtMs).toBeLessThan(1_000);
  expect((await ask(platform, "/livez")).status).toBe(200);
  expect((await ask(platform, "/v1/models")).status).toBe(200);

  for (const answer of await Promise.all(short)) {
    expect(eventsOf(answer.text).at(-1)).toBe("[DONE]");
    expect(contentOf(answer.text)).toMatch(/w19$/);
  }
  const ends = await Promise.allSettled(long);
  expect(ends.filter(({ status }) => status === "rejected")).toEqual([]);
  for (const answer of await Promise.all(long)) {
    expectBrokenStream(answer, "shutting_down");
    expect(member(member(eventsOf(answer.text).at(-1), "error"), "type")).toBe("server_shutting_down");
  }
  expect(await platform.exit).toBe(0);
  expect(performance.now() - toldAtMs).toBeLessThan(10_000);
  const rows = await platform.ledgerRows({ count: 80 });
  expect(rows).toHaveLength(80);
  expect(rows.filter(({ outcome }) => outcome === "stop")).toHaveLength(40);
  expect(rows.filter(({ outcome }) => outcome === "gateway_shutdown")).toHaveLength(40);
  expect(
    rows
      .filter(({ outcome }) => outcome === "gateway_shutdown")
      .every(({ outputTokens }) => (outputTokens ?? 0) > 0),
  ).toBe(true);
  await expect
    .poll(() => openai.requests.concat(ollama.requests).every(({ closedAtMs }) => closedAtMs !== undefined))
    .toBe(true);
  await platform.stop();
  await Promise.all([openai.reset(), ollama.reset()]);
});

test("O01 without calls in flight a stop takes no time", async () => {
  const platform = await start();
  const toldAtMs = performance.now();
  expect(await platform.stop()).toBe(0);
  expect(performance.now() - toldAtMs).toBeLessThan(3_000);
  expect(platform.log()).toContain("platform.stopped");
});

const chatBody = JSON.stringify({ model: "fake/tiny-chat", messages: [{ role: "user", content: "Hi" }] });
const chatRequest = `POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${chatBody.length}\r\n\r\n${chatBody}`;

/** A connection that has had a call answered, and waits for the next. */
async function openKept(platform: Platform) {
  const socket = connect(platform.port, "127.0.0.1");
  const closed = once(socket, "close");
  socket.write(chatRequest);
  const [first] = await once(socket, "data");
  expect(String(first)).toMatch(/^HTTP\/1\.1 200 /);
  return { socket, closed };
}

test.each(setUps)("O01 over %s a stop ends kept connections as replies end", async (_name, env) => {
  const platform = await start({ server: { drain_seconds: 2 } }, [], env);
  ollama.always({ kind: "endless-stream", intervalMs: 50 });
  const stream = chat(platform, "lama/tiny-chat:latest", { user: "long" });
  const kept = await Promise.all(Array.from({ length: 6 }, () => openKept(platform)));
  platform.kill("SIGTERM");
  for (const { socket, closed } of kept) {
    // As a process has heard of the stop or not yet.
    const answers = await askUntilClosed(socket, closed);
    expect(answers.at(-1)).toMatch(/^HTTP\/1\.1 200 [^]*\r\nconnection: close\r\n/i);
  }
  expect(await chat(platform, "fake/tiny-chat")).toMatchObject({ status: 200 });
  expectBrokenStream(await stream, "shutting_down");
  expect(await platform.exit).toBe(0);
  await platform.stop();
  await ollama.reset();
});

async function askUntilClosed(socket: Socket, closed: Promise<unknown>): Promise<readonly string[]> {
  const answers: string[] = [];
  socket.on("data", (bytes: Buffer) => {
    answers.push(bytes.toString());
  });
  while (!socket.readableEnded && !socket.destroyed) {
    const before = answers.length;
    socket.write(chatRequest);
    await Promise.race([closed, expect.poll(() => answers.length, { interval: 5 }).toBeGreaterThan(before)]);
    if (answers.at(-1)?.includes("connection: close")) await closed;
  }
  return answers;
}

test.each(setUps)(
  "O01 over %s a new connection's first request is answered, though a stop began",
  async (_name, env) => {
    const platform = await start({}, [], env);
    // They are dealt to the process that has the fewest, and so to each: what ends these has heard of the stop.
    const kept = await Promise.all(Array.from({ length: 6 }, () => openKept(platform)));
    const socket = connect(platform.port, "127.0.0.1");
    await once(socket, "connect");
    const answered = text(socket);
    // Connections are accepted in the order in which they come.
    kept.push(await openKept(platform));
    platform.kill("SIGTERM");
    await Promise.all(kept.map((each) => each.closed));
    socket.write(chatRequest);
    // As the call comes before the models are gone or behind that.
    const answer = await answered;
    expect(answer).toMatch(/^HTTP\/1\.1 (200 |503 [^]*"code":"shutting_down")/);
    expect(answer).toMatch(/\r\nconnection: close\r\n/i);
    expect(await platform.exit).toBe(0);
    await platform.stop();
  },
);

test("O01 a second signal does not wait", async () => {
  const platform = await start({ server: { drain_seconds: 300 } });
  openai.always({ kind: "endless-stream", intervalMs: 50 });
  const [stream] = await openStreams(platform, 1, "endless");
  const ended = stream?.catch(() => undefined);
  platform.kill("SIGTERM");
  await platform.logLine(/platform\.stopping/);
  platform.kill("SIGTERM");
  expect(await platform.exit).toBe(1);
  await ended;
  await platform.stop();
  await openai.reset();
});

test("O09 after an error that nothing caught the streams end, and the exit code says that it failed", async () => {
  const directory = await mkdtemp(join(tmpdir(), "llm-platform-e2e-"));
  const planted = join(directory, "planted.mjs");
  await writeFile(planted, 'process.on("SIGUSR2", () => { throw new Error("planted"); });\n');
  const platform = await start({ server: { drain_seconds: 5 } }, ["--import", planted]);
  openai.always({ kind: "stream", chunks: 10, intervalMs: 50 });
  ollama.always({ kind: "stream", chunks: 10, intervalMs: 50 });
  const streams = await openStreams(platform, 10, "short");
  platform.kill("SIGUSR2");
  expect(await platform.logLine(/platform\.stopping/)).toContain("planted");
  for (const answer of await Promise.all(streams)) expect(eventsOf(answer.text).at(-1)).toBe("[DONE]");
  expect(await platform.exit).toBe(1);
  expect((await platform.ledgerRows({ count: 10 })).map(({ outcome }) => outcome)).toEqual(
    Array.from({ length: 10 }, () => "stop"),
  );
  await platform.stop();
  await rm(directory, { recursive: true });
  await Promise.all([openai.reset(), ollama.reset()]);
});

test("a killed server leaves each open call as interrupted, once, for its next life", async () => {
  const directory = await mkdtemp(join(tmpdir(), "llm-platform-e2e-"));
  const config = { integrations: [openAiIntegration("fake", openai.origin)] };
  const dataDirectory = join(directory, "data");
  const first = await startPlatform({ config, dataDirectory });
  openai.script({ kind: "endless-stream", intervalMs: 20 });
  const controller = new AbortController();
  const response = await fetch(`${first.url}/v1/chat/completions`, {
    method: "POST",
    signal: controller.signal,
    body: JSON.stringify({
      model: "fake/tiny-chat",
      stream: true,
      messages: [{ role: "user", content: "a" }],
    }),
  });
  first.kill("SIGKILL");
  expect(await first.exit).toBeNull();
  await expect(response.text()).rejects.toThrow();
  const second = await startPlatform({ config, dataDirectory });
  const rows = await second.ledgerRows({ count: 1, requestId: response.headers.get("x-request-id") ?? "" });
  expect(rows.map(({ outcome }) => outcome)).toEqual(["interrupted"]);
  await Promise.all([first.stop(), second.stop()]);
  await rm(directory, { recursive: true });
});

test("S21 a change of an integration's settings breaks no stream, and new calls go the new way", async () => {
  const platform = await start();
  const next = {
    fake: await createFakeUpstream({ dialect: "openai" }),
    lama: await createFakeUpstream({ dialect: "ollama" }),
  };
  openai.always({ kind: "stream", chunks: 40, intervalMs: 50 });
  ollama.always({ kind: "stream", chunks: 40, intervalMs: 50 });
  const streams = await openStreams(platform, 100, "live");
  const bad = await ask(platform, "/integrations/fake/config", {
    method: "PUT",
    body: { settings: { base_url: 5 } },
  });
  expect(bad.status).toBe(422);
  expect(bad.json).toMatchObject({ status: 422, request_id: bad.requestId });
  expect((await ask(platform, "/integrations/fake/status")).json).toMatchObject({ state: "running" });
  const changes = [
    ask(platform, "/integrations/fake/config", {
      method: "PUT",
      body: { settings: { base_url: `${next.fake.origin}/v1` } },
    }),
    ask(platform, "/integrations/lama/config", {
      method: "PUT",
      body: { settings: { base_url: next.lama.origin } },
    }),
  ];
  for (const change of await Promise.all(changes)) expect(change.status, change.text).toBe(200);
  for (const model of ["fake/tiny-chat", "lama/tiny-chat:latest"]) {
    const answer = await chat(platform, model);
    expect(answer.status, answer.text).toBe(200);
  }
  expect(next.fake.requests.filter(({ method }) => method === "POST")).toHaveLength(1);
  expect(next.lama.requests.filter(({ path }) => path === "/api/chat")).toHaveLength(1);
  const answers = await Promise.all(streams);
  for (const answer of answers) {
    expect(eventsOf(answer.text).at(-1)).toBe("[DONE]");
    expect(contentOf(answer.text)).toMatch(/^w0 .* w39$/);
  }
  const rows = await platform.ledgerRows({ count: 102 });
  expect(new Set(rows.map(({ attemptId }) => attemptId)).size).toBe(102);
  expect(rows.every(({ outcome }) => outcome === "stop")).toBe(true);
  await expectCleanSinks(platform);
  await platform.stop();
  await Promise.all([next.fake.stop(), next.lama.stop(), openai.reset(), ollama.reset()]);
});

test("S21 settings that do not start leave the old ones at work", async () => {
  const platform = await start();
  const change = await ask(platform, "/integrations/fake/config", {
    method: "PUT",
    body: { settings: { base_url: "http://169.254.169.254/v1" } },
  });
  expect(change.status).toBeGreaterThanOrEqual(400);
  expect(change.status).toBeLessThan(600);
  expect((await chat(platform, "fake/tiny-chat")).status).toBe(200);
  expectRefusal(await chat(platform, "gone/tiny-chat"), { status: 404, code: "model_not_found" });
  await platform.stop();
});
