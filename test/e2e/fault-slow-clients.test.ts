import { afterAll, beforeAll, expect, test } from "vitest";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { sendRaw } from "../fakes/raw-client.ts";
import { chat } from "./http.ts";
import { openAiIntegration, startPlatform } from "./start-platform.ts";

let openai: FakeUpstream;

beforeAll(async () => {
  openai = await createFakeUpstream({ dialect: "openai" });
});

afterAll(() => openai.stop());

/** The limits of time are the server's own, so these wait for them, all at once. */
test.concurrent.each([
  ["H07 headers that come a byte at a time", 20_000, "GET /v1/models HTTP/1.1\r\nX-Slow: "],
  [
    "H08 a body that comes a byte at a time",
    60_000,
    "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n",
  ],
])(
  "%s are answered 408 after their time, and others are served meanwhile",
  { timeout: 90_000 },
  async (_name, limitMs, start) => {
    const slow = await startPlatform({
      config: { integrations: [openAiIntegration("fake", openai.origin)] },
    });
    const startedAtMs = performance.now();
    const clients = await Promise.all(Array.from({ length: 50 }, () => sendRaw(slow.port, start)));
    const drip = setInterval(() => {
      for (const { socket } of clients) if (!socket.destroyed) socket.write("a");
    }, 1_000);
    expect((await chat(slow, "fake/tiny-chat")).status).toBe(200);
    const ends = await Promise.all(clients.map(({ done }) => done));
    clearInterval(drip);
    const tookMs = performance.now() - startedAtMs;
    for (const { text } of ends) expect(text).toMatch(/^HTTP\/1\.1 408 [^]*"code":"request_timeout"/);
    expect(tookMs).toBeGreaterThan(limitMs - 1_000);
    expect(tookMs).toBeLessThan(limitMs + 6_000);
    expect((await chat(slow, "fake/tiny-chat")).status).toBe(200);
    await slow.stop();
  },
);
