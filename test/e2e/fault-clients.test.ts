import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { postText, type RawClient, sendRaw } from "../fakes/raw-client.ts";
import { ask, chat, chatBody, eventsOf, metric, onlyRow } from "./http.ts";
import { ollamaIntegration, openAiIntegration, type Platform, startPlatform } from "./start-platform.ts";

const path = "/v1/chat/completions";

let openai: FakeUpstream;
let ollama: FakeUpstream;
let platform: Platform;

beforeAll(async () => {
  openai = await createFakeUpstream({ dialect: "openai" });
  ollama = await createFakeUpstream({ dialect: "ollama" });
  platform = await startPlatform({
    config: {
      server: { max_connections: 600 },
      integrations: [openAiIntegration("fake", openai.origin), ollamaIntegration("lama", ollama.origin)],
    },
  });
});

afterAll(async () => {
  await platform.stop();
  await Promise.all([openai.stop(), ollama.stop()]);
});

describe.each([
  ["openai", "fake/tiny-chat"],
  ["ollama", "lama/tiny-chat:latest"],
] as const)("H21 over an upstream of the dialect %s", (dialect, model) => {
  const upstream = () => (dialect === "openai" ? openai : ollama);

  test("a client that leaves at the third token ends the upstream's work within a second", async () => {
    const before = await metric(platform, "llm_stream_terminations_total", '"client_cancelled"');
    upstream().script({ kind: "stream", chunks: 1_000, intervalMs: 20 });
    const client = await sendRaw(platform.port, postText(path, chatBody(model, { stream: true })));
    const text = await client.until(/w3/);
    const leftAtMs = performance.now();
    client.socket.destroy();
    const request = upstream().requests.findLast(({ method }) => method === "POST");
    await request?.closed;
    expect(request?.aborted).toBe(true);
    expect((request?.closedAtMs ?? Number.POSITIVE_INFINITY) - leftAtMs).toBeLessThan(1_000);
    const row = await onlyRow(platform, /x-request-id: (\S+)/i.exec(text)?.[1] ?? "");
    expect(row).toMatchObject({
      outcome: "client_cancelled",
      errorCode: "client_cancelled",
      usageSource: "estimated",
    });
    expect(row.outputTokens).toBeGreaterThanOrEqual(3);
    expect(row.outputTokens).toBeLessThan(100);
    expect(await metric(platform, "llm_stream_terminations_total", '"client_cancelled"')).toBe(before + 1);
    expect(await metric(platform, "llm_requests_in_flight")).toBe(0);
  });

  test("a client that leaves before the first token, or while it waits for the whole, ends it too", async () => {
    for (const stream of [true, false]) {
      const seen = upstream().totalRequests;
      upstream().script({ kind: "hang" });
      const client = await sendRaw(platform.port, postText(path, chatBody(model, { stream })));
      await expect.poll(() => upstream().totalRequests).toBeGreaterThan(seen);
      client.socket.destroy();
      const request = upstream().requests.findLast(({ method }) => method === "POST");
      await request?.closed;
      expect(request?.aborted).toBe(true);
    }
    await expect.poll(() => metric(platform, "llm_requests_in_flight")).toBe(0);
  });
});

test("H21 a client that leaves in the middle of its request is no call", async () => {
  const before = openai.totalRequests;
  const client = await sendRaw(
    platform.port,
    `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{"model":"fake`,
  );
  client.socket.destroy();
  await client.done;
  expect((await chat(platform, "fake/tiny-chat")).status).toBe(200);
  expect(openai.totalRequests).toBe(before + 1);
});

test("H21 two requests in one packet are answered in their order", async () => {
  const one = (text: string) =>
    postText(path, { model: "fake/tiny-chat", messages: [{ role: "user", content: text }] });
  const last = postText(path, { model: "fake/tiny-chat", messages: [{ role: "user", content: "second" }] }, [
    "Connection: close",
  ]);
  const { text } = await (await sendRaw(platform.port, one("first") + last)).done;
  expect(text.indexOf("echo: first")).toBeGreaterThan(0);
  expect(text.indexOf("echo: second")).toBeGreaterThan(text.indexOf("echo: first"));
});

test("a client that reads nothing holds back the upstream, not the memory", async () => {
  const memory = () => metric(platform, "process_resident_memory_bytes");
  const before = await memory();
  openai.script({ kind: "endless-stream" });
  const client = await sendRaw(platform.port, postText(path, chatBody("fake/tiny-chat", { stream: true })));
  await client.until(/data:/);
  client.socket.pause();
  for (let at = 0; at < 50; at += 1) expect((await chat(platform, "lama/tiny-chat:latest")).status).toBe(200);
  expect((await memory()) - before).toBeLessThan(64 * 1024 * 1024);
  client.socket.destroy();
  const request = openai.requests.findLast(({ method }) => method === "POST");
  await request?.closed;
  expect(request?.aborted).toBe(true);
});

test("H23 more idle connections than there may be are turned away, and a place is free again at once", async () => {
  const idle: RawClient[] = [];
  for (let at = 0; at < 650; at += 1) idle.push(await sendRaw(platform.port, ""));
  await Promise.race(idle.map(({ done }) => done));
  const refused = () =>
    idle.filter(({ socket }) => socket.destroyed || socket.readyState === "closed").length;
  await expect.poll(refused).toBeGreaterThanOrEqual(50);
  for (const { socket } of idle) socket.destroy();
  await expect
    .poll(() =>
      ask(platform, "/livez").then(
        ({ status }) => status,
        () => 0,
      ),
    )
    .toBe(200);
  expect(eventsOf((await chat(platform, "fake/tiny-chat")).text).at(-1)).toBe("[DONE]");
});
