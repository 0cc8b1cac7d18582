import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { metric } from "./http.ts";
import { openAiIntegration, type Platform, startPlatform } from "./start-platform.ts";
import { chatStart, connectSocket, untilServed } from "./websocket-client.ts";

const model = "fake/tiny-chat";

let openai: FakeUpstream;
let platform: Platform;

beforeAll(async () => {
  openai = await createFakeUpstream({ dialect: "openai" });
});
afterAll(() => openai.stop());

async function start(env: Readonly<Record<string, string>> = {}, upstream = openai): Promise<Platform> {
  const config = { integrations: [openAiIntegration("fake", upstream.origin)] };
  const started = await startPlatform({ env, config });
  await untilServed(started, model);
  return started;
}

describe("a WebSocket client that misbehaves", () => {
  beforeAll(async () => {
    platform = await start({ LLM_PLATFORM_WEBSOCKET__SILENCE_SECONDS: "1.5" });
  });
  afterAll(() => platform.stop());

  test("W04: permessage-deflate is not agreed on", async () => {
    const socket = await connectSocket(platform, "/ws/chat", { perMessageDeflate: true });
    expect(socket.webSocket.extensions).toBe("");
    await socket.close();
  });

  test("W06: without a pong it is cut off, and its upstream is cancelled", async () => {
    const socket = await connectSocket(platform, "/ws/chat", { autoPong: false });
    openai.script({ kind: "stream", chunks: 10_000, intervalMs: 20 });
    socket.send(chatStart("c", model));
    await socket.next("chat.delta", "c");
    const request = openai.requests.at(-1);
    expect((await socket.closed).code).toBe(1006);
    await request?.closed;
    expect(request?.aborted).toBe(true);
  });

  test("one that answers pings stays, however little it says", async () => {
    const socket = await connectSocket(platform, "/ws");
    await sleep(2_500);
    socket.send({ type: "ping" });
    await socket.next("pong");
    await socket.close();
  });

  test.each([
    ["bad JSON", "{", 1007],
    ["no object", "[1]", 1007],
    ["binary", Buffer.from("{}"), 1003],
    ["an unknown type", '{"type":"chat.sing"}', 1003],
    ["a frame that does not fit", '{"type":"chat.start","id":"x"}', 1003],
  ])("W09: %s is told as an error, and the third ends the connection", async (_name, message, code) => {
    const socket = await connectSocket(platform, "/ws/chat");
    for (let each = 0; each < 3; each++) socket.webSocket.send(message);
    expect((await socket.closed).code).toBe(code);
    const errors = socket.frames.filter(({ type }) => type === "error");
    expect(errors).toHaveLength(3);
    expect(errors[0]?.data["error"]).toMatchObject({ code: "invalid_request" });
  });

  test("W09: a text that is no UTF-8 ends the connection", async () => {
    const socket = await connectSocket(platform, "/ws/chat");
    socket.webSocket.send(Buffer.from([0xff, 0xfe]), { binary: false });
    expect((await socket.closed).code).toBe(1007);
  });

  test("two bad frames and a good one are forgiven", async () => {
    const socket = await connectSocket(platform, "/ws");
    for (let each = 0; each < 4; each++) {
      socket.webSocket.send("{");
      socket.webSocket.send("{");
      socket.send({ type: "ping" });
    }
    await expect.poll(() => socket.frames.filter(({ type }) => type === "pong").length).toBe(4);
    await socket.close();
  });

  test.each(["ping", "pong"] as const)(
    "W10: a client that sends one %s after the other is sent away with 1008, and others are not",
    async (frame) => {
      const [socket, other] = await Promise.all([
        connectSocket(platform, "/ws"),
        connectSocket(platform, "/ws"),
      ]);
      for (let each = 0; each < 40; each++) other.webSocket[frame]();
      for (let each = 0; each < 1_000; each++) socket.webSocket[frame]();
      expect(await socket.closed).toEqual({ code: 1008, reason: "too many pings or pongs" });
      other.send({ type: "ping" });
      await other.next("pong");
      await other.close();
    },
  );

  test("control frames may have 64 KiB, what calls a model 1 MiB, and no frame more", async () => {
    const socket = await connectSocket(platform, "/ws/chat");
    socket.send({ type: "feed.follow", id: "f", data: { name: "x".repeat(70_000) } });
    const refused = await socket.next("error", "f");
    expect(refused.data["error"]).toMatchObject({ code: "payload_too_large" });
    socket.send(chatStart("c", model, { messages: [{ role: "user", content: "x".repeat(800_000) }] }));
    await socket.next("chat.done", "c");
    socket.send(chatStart("d", model, { messages: [{ role: "user", content: "x".repeat(1_100_000) }] }));
    expect((await socket.closed).code).toBe(1009);
    const small = await connectSocket(platform, "/ws/events");
    small.send({
      type: "operation.call",
      id: "o",
      data: { name: "system.info", input: { x: "x".repeat(70_000) } },
    });
    expect((await small.closed).code).toBe(1009);
  });

  test("an id that is in use, and more than may go on at once, are refused", async () => {
    const socket = await connectSocket(platform, "/ws/chat");
    openai.script({ kind: "stream", chunks: 1_000, intervalMs: 20 });
    socket.send(chatStart("c", model));
    await socket.next("chat.delta", "c");
    socket.send({ type: "feed.follow", id: "f", data: { name: "events" } });
    socket.send({ type: "feed.follow", id: "f", data: { name: "events" } });
    expect((await socket.next("error", "f")).data["error"]).toMatchObject({ code: "conflict", param: "id" });
    socket.send({ type: "chat.cancel", id: "nothing" });
    expect((await socket.next("error", "nothing")).data["error"]).toMatchObject({ code: "not_found" });
    await socket.close();
  });
});

describe("a WebSocket client that does not read", () => {
  beforeEach(async () => {
    platform = await start();
  });

  test("W07: its upstream is held back", async () => {
    const socket = await connectSocket(platform, "/ws/chat");
    openai.script({ kind: "stream", chunks: 200_000, intervalMs: 0 });
    socket.send(chatStart("c", model));
    await socket.next("chat.delta", "c");
    socket.webSocket.pause();
    const sent = () => metric(platform, "llm_websocket_messages_total", '"chat"', '"sent"');
    await expect.poll(async () => (await sent()) === (await sent()), { timeout: 10_000 }).toBe(true);
    expect(await sent()).toBeLessThan(150_000);
    expect(openai.requests.at(-1)?.closedAtMs).toBeUndefined();
    socket.cut();
    await platform.stop();
  });

  test("W07: what cannot be held back ends it with 1013 once 4 MiB wait", async () => {
    const large = await createFakeUpstream({ dialect: "openai", chunks: 100_000 });
    const server = await start({}, large);
    const socket = await connectSocket(server, "/ws/chat");
    socket.webSocket.pause();
    const { request } = chatStart("", model).data;
    // Some 28 MB, of which the sockets of the machine hold the first dozen.
    for (let each = 0; each < 40; each++)
      socket.send({ type: "model.call", id: `m${each}`, data: { operation: "chat", request } });
    await expect
      .poll(() => metric(server, "llm_websocket_closes_total", '"1013"'), { timeout: 25_000 })
      .toBe(1);
    socket.webSocket.resume();
    expect((await socket.closed).code).not.toBe(1000);
    for (const each of [platform, server]) await each.stop();
    await large.stop();
  });

  test("W07: it is told the last samples, not all of them", async () => {
    const socket = await connectSocket(platform, "/ws/metrics?interval_seconds=1");
    await socket.next("sample");
    socket.webSocket.pause();
    await sleep(2_500);
    socket.webSocket.resume();
    await expect.poll(() => socket.of("metrics").length).toBeGreaterThan(2);
    const times = socket.of("metrics").map(({ data }) => Date.parse(String(data["time"])));
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    await socket.close();
    await platform.stop();
  });
});

describe("a server that stops", () => {
  test("W11: ends quiet connections with 1012 and a time to come again, and lets chats end", async () => {
    platform = await start();
    const quiet = await connectSocket(platform, "/ws/models");
    const busy = await connectSocket(platform, "/ws/chat");
    openai.script({ kind: "stream", chunks: 60, intervalMs: 20 });
    busy.send(chatStart("c", model));
    await busy.next("chat.delta", "c");
    platform.kill("SIGTERM");
    const closed = await quiet.closed;
    expect(closed.code).toBe(1012);
    expect(closed.reason).toMatch(/^retry_after_ms=\d{1,4}$/);
    await busy.next("chat.done", "c");
    expect((await busy.closed).code).toBe(1012);
    expect(await platform.exit).toBe(0);
  });

  test("W11: a new chat is refused meanwhile, and one that goes on for too long is told so", async () => {
    platform = await start({ LLM_PLATFORM_SERVER__DRAIN_SECONDS: "1" });
    const busy = await connectSocket(platform, "/ws/chat");
    openai.script({ kind: "stream", chunks: 100_000, intervalMs: 20 });
    busy.send(chatStart("c", model));
    await busy.next("chat.delta", "c");
    platform.kill("SIGTERM");
    await sleep(1_300);
    busy.send(chatStart("late", model));
    expect((await busy.next("chat.error", "late")).data["error"]).toMatchObject({ code: "shutting_down" });
    expect((await busy.next("chat.error", "c")).data["error"]).toMatchObject({ code: "shutting_down" });
    expect((await busy.closed).code).toBe(1012);
    expect(await platform.exit).toBe(0);
  });
});
