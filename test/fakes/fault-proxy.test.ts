import { afterEach, beforeEach, expect, test } from "vitest";
import { createFakeUpstream, type FakeUpstream } from "./fake-upstream.ts";
import { createFaultProxy, type FaultProxy } from "./fault-proxy.ts";
import { postText, type RawClient, sendRaw } from "./raw-client.ts";

let upstream: FakeUpstream;
let proxy: FaultProxy;

beforeEach(async () => {
  upstream = await createFakeUpstream({ dialect: "openai" });
  proxy = await createFaultProxy(upstream.port);
});
afterEach(async () => {
  await proxy.stop();
  await upstream.stop();
});

function ask(chunks = 3): Promise<RawClient> {
  const body = {
    model: `tiny-chat+chunks=${chunks}`,
    stream: true,
    messages: [{ role: "user", content: "x" }],
  };
  return sendRaw(proxy.port, postText("/v1/chat/completions", body, ["Connection: close"]));
}

test("passes everything on when the network is well, the end of the connection included", async () => {
  const { text, end } = await (await ask()).done;
  expect(text).toMatch(/w0"[^]+\[DONE\]/);
  expect(end).toBe("fin");
});

test("delays each direction", async () => {
  proxy.set({ latencyMs: 40 });
  const startedAtMs = performance.now();
  await (await ask()).done;
  expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(79);
});

test("throttles what goes to the client", async () => {
  proxy.set({ bytesPerSecond: 20_000 });
  const startedAtMs = performance.now();
  const { text } = await (await ask()).done;
  const fastest = (text.length / 20_000) * 1000;
  expect(performance.now() - startedAtMs).toBeGreaterThan(fastest * 0.8);
  expect(text).toContain("[DONE]");
});

test.each(["reset", "close"] as const)("cuts by %s after exactly as many bytes as told", async (how) => {
  proxy.set({ cut: { afterBytes: 300, how } });
  const { text, end } = await (await ask(100)).done;
  expect(text).toHaveLength(300);
  expect(end).toBe(how === "reset" ? "reset" : "fin");
});

test("freezes half-way and moves on when healed", async () => {
  proxy.set({ cut: { afterBytes: 300, how: "freeze" } });
  const client = await ask();
  await client.until(/^[^]{300}$/);
  const request = await upstream.nextRequest();
  await request.closed;
  expect(client.text()).toHaveLength(300);
  proxy.set({});
  expect((await client.done).text).toContain("[DONE]");
});

test("resets new connections, or accepts them and says nothing", async () => {
  proxy.set({ connection: "reset" });
  expect(await (await ask()).done).toEqual({ text: "", end: "reset" });
  proxy.set({ connection: "freeze" });
  const silent = await ask();
  expect(upstream.totalConnections).toBe(0);
  silent.socket.destroy();
});

test("resets all open connections, on both sides", async () => {
  upstream.script({ kind: "silence-after-events", events: 1 });
  const client = await ask();
  await client.until(/data:/);
  const request = await upstream.nextRequest();
  proxy.resetAll();
  expect((await client.done).end).toBe("reset");
  await request.closed;
  expect(request.aborted).toBe(true);
});
