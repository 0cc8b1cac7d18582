import { connect } from "node:http2";
import { createConnection, createServer } from "node:net";
import { once } from "node:events";
import { deflateSync, gzipSync } from "node:zlib";
import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ChatRequest } from "../../packages/server/src/api/grpc/generated/platform.ts";
import { ask } from "../e2e/http.ts";
import { openAiIntegration, type Platform, startPlatform } from "../e2e/start-platform.ts";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { type GrpcClient, grpcPort, openGrpc, whenModelsAreThere } from "./grpc-client.ts";
import { grpc } from "./methods.ts";
import { frame, rawCall } from "./raw-call.ts";

const mebibyte = 1024 * 1024;
const chatPath = "/llmplatform.v1.Inference/Chat";

let upstream: FakeUpstream;
let platform: Platform;
let client: GrpcClient;
let port = 0;

beforeAll(async () => {
  upstream = await createFakeUpstream({ dialect: "openai" });
  platform = await startPlatform({ config: { integrations: [openAiIntegration("fake", upstream.origin)] } });
  await whenModelsAreThere(platform, ["fake"]);
  client = await openGrpc(platform);
  port = await grpcPort(platform);
});

afterAll(async () => {
  client?.close();
  await platform?.stop();
  await upstream?.stop();
});

function chat(content: string): Buffer {
  const messages = [{ role: "user", content }];
  return Buffer.from(ChatRequest.encode({ model: "fake/tiny-chat", messages }).finish());
}

/** A message of that many bytes in all, as its content. */
function chatOf(bytes: number): Buffer {
  const frames = chat("x".repeat(bytes)).length - bytes;
  return chat("x".repeat(bytes - frames));
}

function* inPieces(bytes: Buffer, size = 65_536): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

describe("a message", () => {
  test("of 4 MiB is taken, and one of a byte more is not (R01)", async () => {
    const most = await rawCall(port, chatPath, { body: inPieces(frame(chatOf(4 * mebibyte))) });
    expect(most.status, most.message).toBe(status.OK);
    const more = await rawCall(port, chatPath, { body: inPieces(frame(chatOf(4 * mebibyte + 1))) });
    expect(more.status).toBe(status.RESOURCE_EXHAUSTED);
  });

  test("of 5 or 40 MiB is refused by its length, before it has come (R01)", async () => {
    for (const size of [5, 40]) {
      const outcome = await rawCall(port, chatPath, { body: inPieces(frame(Buffer.alloc(size * mebibyte))) });
      expect(outcome.status).toBe(status.RESOURCE_EXHAUSTED);
      expect(outcome.sentBytes).toBeLessThan(mebibyte);
    }
  });

  test.each([
    ["gzip", gzipSync],
    ["deflate", deflateSync],
  ] as const)(
    "that is compressed by %s is taken, and refused once it grows beyond 4 MiB (R01, R02)",
    async (name, press) => {
      const headers = { "grpc-encoding": name };
      const fine = await rawCall(port, chatPath, { headers, body: [frame(press(chatOf(4 * mebibyte)), 1)] });
      expect(fine.status, fine.message).toBe(status.OK);
      for (const bytes of [5 * mebibyte, 500 * mebibyte]) {
        const bomb = press(Buffer.alloc(bytes));
        expect(bomb.length).toBeLessThan(mebibyte);
        const outcome = await rawCall(port, chatPath, { headers, body: [frame(bomb, 1)] });
        expect(outcome.status).toBe(status.RESOURCE_EXHAUSTED);
      }
      const broken = await rawCall(port, chatPath, {
        headers,
        body: [frame(Buffer.from("no such thing"), 1)],
      });
      expect(broken.status).toBe(status.INVALID_ARGUMENT);
    },
  );

  test("that is compressed in an unknown way is told which ways there are", async () => {
    const outcome = await rawCall(port, chatPath, {
      headers: { "grpc-encoding": "zstd" },
      body: [frame(chat("x"), 1)],
    });
    expect(outcome.status).toBe(status.UNIMPLEMENTED);
    expect(outcome.message).toContain("gzip");
  });

  test.each([
    ["that is not Protobuf", [frame(Buffer.from([0xff, 0xff, 0xff]))]],
    ["that is not framed", [frame(chat("x"), 7)]],
    ["that is cut", [frame(chat("hello")).subarray(0, 8)]],
    ["that is missing", []],
    ["that is followed by another", [frame(chat("x")), frame(chat("y"))]],
  ])("%s is refused", async (_name, body) => {
    const outcome = await rawCall(port, chatPath, { body });
    expect(outcome.status).toBe(status.INVALID_ARGUMENT);
  });
});

describe("a call", () => {
  test("of a method that there is not is told so", async () => {
    for (const path of ["/llmplatform.v1.Inference/None", "/none", "/"]) {
      const outcome = await rawCall(port, path, { body: [frame(chat("x"))] });
      expect(outcome.status).toBe(status.UNIMPLEMENTED);
    }
    const { text } = await ask(platform, "/metrics");
    expect(text).not.toContain(`grpc_method="None"`);
  });

  test("that is no gRPC gets HTTP's answer", async () => {
    const plain = await rawCall(port, chatPath, { headers: { "content-type": "application/json" } });
    expect(plain.httpStatus).toBe(415);
    const read = await rawCall(port, chatPath, { headers: { ":method": "GET" } });
    expect(read.httpStatus).toBe(405);
  });

  test("with a deadline that cannot be read is refused", async () => {
    const outcome = await rawCall(port, chatPath, {
      headers: { "grpc-timeout": "soon" },
      body: [frame(chat("x"))],
    });
    expect(outcome.status).toBe(status.INVALID_ARGUMENT);
  });

  test("whose deadline passes before its message is there ends in time", async () => {
    const startedAtMs = performance.now();
    const outcome = await rawCall(port, chatPath, { headers: { "grpc-timeout": "300m" }, isLeftOpen: true });
    expect(outcome.status).toBe(status.DEADLINE_EXCEEDED);
    expect(performance.now() - startedAtMs).toBeLessThan(2_000);
  });
});

describe("a connection", () => {
  test("that speaks something else is ended", async () => {
    const socket = createConnection(port, "127.0.0.1");
    socket.on("error", () => undefined);
    socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    socket.resume();
    await once(socket, "close");
  });

  test("has at most so many calls at the same time", async () => {
    const session = connect(`http://127.0.0.1:${port}`);
    await once(session, "remoteSettings");
    expect(session.remoteSettings.maxConcurrentStreams).toBe(100);
    session.close();
  });

  test("that pings all the time is sent away, and one that works may ping", async () => {
    const session = connect(`http://127.0.0.1:${port}`);
    session.on("error", () => undefined);
    await once(session, "connect");
    const away = once(session, "goaway");
    const ping = () =>
      new Promise<void>((resolve) => {
        if (session.destroyed || !session.ping(() => resolve())) resolve();
      });
    for (let count = 0; count < 8; count++) await ping();
    const [code] = await away;
    expect(code).toBe(11);
  });
});

describe("the port", () => {
  test("that is taken makes the integration wait for it, and nothing else", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const address = other.address();
    const taken = typeof address === "object" ? (address?.port ?? 0) : 0;
    const second = await startPlatform({ env: { GRPC_PORT: String(taken) } });
    const shown = await ask(second, "/integrations/grpc/status");
    expect(shown.json).toMatchObject({ state: "retrying", reason: expect.stringContaining(String(taken)) });
    expect((await ask(second, "/readyz")).status).toBe(200);
    other.close();
    await once(other, "close");
    expect((await ask(second, "/integrations/grpc/restart", { method: "POST" })).json).toMatchObject({
      state: "running",
    });
    await second.stop();
  });

  test("is not opened where gRPC is switched off", async () => {
    const off = await startPlatform({ env: { GRPC_ENABLED: "false" } });
    expect((await ask(off, "/integrations/grpc/status")).json).toMatchObject({ state: "disabled" });
    expect(off.log()).not.toContain("grpc.listening");
    await off.stop();
  });
});

test("a client that leaves takes nothing with it: the next is served as before", async () => {
  const { call, ended } = client.open(grpc.chatStream, {
    model: "fake/tiny-chat",
    messages: [{ role: "user", content: "one two three" }],
  });
  call.cancel();
  await ended;
  const outcome = await rawCall(port, chatPath, { body: [frame(chat("x"))] });
  expect(outcome.status).toBe(status.OK);
});
