import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { ask, metric } from "./http.ts";
import { setUps } from "./set-ups.ts";
import { openAiIntegration, type Platform, startPlatform } from "./start-platform.ts";
import { chatStart, connectSocket, textOf, untilServed } from "./websocket-client.ts";

const model = "fake/tiny-chat";

let openai: FakeUpstream;
let platform: Platform;

describe.each(setUps)("WebSocket over %s", (_name, env) => {
  beforeAll(async () => {
    openai = await createFakeUpstream({ dialect: "openai" });
    platform = await startPlatform({
      env,
      config: { integrations: [openAiIntegration("fake", openai.origin)] },
    });
    await untilServed(platform, model);
  });
  afterAll(async () => {
    await platform.stop();
    await openai.stop();
  });

  test("a chat is told as it comes, ends with usage and a reason, and is on record by then", async () => {
    const socket = await connectSocket(platform, "/ws/chat");
    socket.send(chatStart("c1", model));
    const done = await socket.next("chat.done", "c1");
    expect(done.data).toMatchObject({ reason: "stop", reasons: ["stop"] });
    expect(done.data["usage"]).toMatchObject({ prompt_tokens: expect.any(Number) });
    const started = await socket.next("chat.started", "c1");
    expect(started.data).toMatchObject({ integration: "fake", model: "tiny-chat", attempts: 1 });
    expect(textOf(socket.of("c1"))).not.toBe("");
    expect(socket.frames.map(({ seq }) => seq)).toEqual(socket.frames.map((_, at) => at + 1));
    const requestId = String(started.data["request_id"]);
    expect(await platform.ledgerRows({ count: 1, requestId })).toMatchObject([
      { outcome: "stop", requestedModel: model, stream: true },
    ]);
    await socket.close();
  });

  test("several chats go on at once on one connection, and one is cancelled within a second", async () => {
    const socket = await connectSocket(platform, "/ws/chat");
    openai.script({ kind: "stream", chunks: 1_000, intervalMs: 20 });
    socket.send(chatStart("long", model));
    await socket.next("chat.delta", "long");
    for (const id of ["a", "b", "c"]) socket.send(chatStart(id, model));
    for (const id of ["a", "b", "c"]) await socket.next("chat.done", id);
    expect(socket.frames.some(({ type, id }) => type.startsWith("chat.e") && id === "long")).toBe(false);
    const request = openai.requests.find((each) => !each.aborted && each.closedAtMs === undefined);
    const cancelledAtMs = performance.now();
    socket.send({ type: "chat.cancel", id: "long" });
    const end = await socket.next("chat.error", "long");
    expect(end.data["error"]).toMatchObject({ code: "client_cancelled" });
    await request?.closed;
    expect((request?.closedAtMs ?? Number.POSITIVE_INFINITY) - cancelledAtMs).toBeLessThan(1_000);
    await socket.close();
  });

  test("a client that says goodbye gives its chats up", async () => {
    const socket = await connectSocket(platform, "/ws/chat");
    openai.script({ kind: "stream", chunks: 1_000, intervalMs: 20 });
    socket.send(chatStart("c", model));
    await socket.next("chat.delta", "c");
    const request = openai.requests.at(-1);
    await socket.close();
    await request?.closed;
    expect(request?.aborted).toBe(true);
  });

  test("a chat goes on while the connection is lost, and is told in full to who comes back", async () => {
    const socket = await connectSocket(platform, "/ws/chat");
    openai.script({ kind: "stream", chunks: 40, intervalMs: 20 });
    socket.send(chatStart("c", model));
    await socket.next("chat.delta", "c");
    const lastSeq = socket.frames.at(-1)?.seq ?? 0;
    socket.cut();
    const again = await connectSocket(platform, "/ws/chat");
    again.send({ type: "session.resume", data: { session: socket.session, last_seq: lastSeq } });
    const resumed = await again.next("session.resumed");
    expect(resumed.data).toEqual({ session: socket.session, is_complete: true });
    await again.next("chat.done", "c");
    const text = textOf([...socket.frames.filter(({ seq }) => seq <= lastSeq), ...again.of("c")]);
    expect(text.trim().split(/\s+/)).toHaveLength(40);
    const seqs = again.of("c").map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.map((_, at) => lastSeq + 1 + at + Number(lastSeq + 1 + at >= resumed.seq)));
    await again.close();
  });

  test("a session of another is not taken up, nor one that never was", async () => {
    const socket = await connectSocket(platform, "/ws/chat");
    socket.send({ type: "session.resume", data: { session: "ws_nothing", last_seq: 0 } });
    const refused = await socket.next("error");
    expect(refused.data["error"]).toMatchObject({
      code: "not_found",
      message: expect.stringContaining("replica"),
    });
    await socket.close();
  });

  test("an upstream's failure is told as REST tells it", async () => {
    const socket = await connectSocket(platform, "/ws/chat");
    socket.send(chatStart("c", "no-such-model"));
    const { data } = await socket.next("chat.error", "c");
    expect(data["error"]).toMatchObject({ code: "model_not_found", type: "not_found_error", param: "model" });
    socket.send({
      type: "model.call",
      id: "m",
      data: { operation: "chat", request: chatStart("", model).data.request },
    });
    const reply = await socket.next("model.reply", "m");
    expect(reply.data["reply"]).toMatchObject({
      object: "chat.completion",
      choices: [{ finish_reason: "stop" }],
    });
    await socket.close();
  });

  test("what is said on the channels is counted", async () => {
    const socket = await connectSocket(platform, "/ws");
    expect(await metric(platform, "llm_websocket_connections", '"control"')).toBe(1);
    socket.send({ type: "ping" });
    await socket.next("pong");
    expect(await metric(platform, "llm_websocket_messages_total", '"received"')).toBeGreaterThan(0);
    await socket.close();
    await expect.poll(() => metric(platform, "llm_websocket_closes_total", '"1000"')).toBeGreaterThan(0);
    expect(await metric(platform, "llm_websocket_connections", '"control"')).toBe(0);
  });

  test("the document of the channels is served", async () => {
    const { status, text, headers } = await ask(platform, "/ws/asyncapi.yaml");
    expect([status, headers.get("content-type")]).toEqual([200, "application/yaml; charset=utf-8"]);
    expect(text).toMatch(/^asyncapi: 3\.0\.0$/m);
  });
});
