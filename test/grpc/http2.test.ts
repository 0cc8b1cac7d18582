import { execFile } from "node:child_process";
import { connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { promisify } from "node:util";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ServerReflectionRequest } from "../../packages/server/src/api/grpc/generated/grpc/reflection/v1/reflection.ts";
import { HealthCheckRequest } from "../../packages/server/src/api/grpc/generated/grpc/health/v1/health.ts";
import {
  frameFlags,
  frameTypes,
  preface,
  settingIds,
  toFrameBytes,
  toPayload,
  toSettings,
} from "../../packages/server/src/wire/http2-frames.ts";
import { encodeHeaders } from "../../packages/server/src/wire/hpack-encoder.ts";
import { findService } from "../../tools/services.ts";
import { type Platform, startPlatform } from "../e2e/start-platform.ts";
import { grpcPort } from "./grpc-client.ts";
import { frame, rawCall } from "./raw-call.ts";

const h2spec = findService("h2spec");
const run = promisify(execFile);
const check = "/grpc.health.v1.Health/Check";

let platform: Platform;
let port = 0;

beforeAll(async () => {
  platform = await startPlatform();
  port = await grpcPort(platform);
});

afterAll(async () => {
  await platform?.stop();
});

async function isServed(): Promise<void> {
  const body = [frame(HealthCheckRequest.encode({}).finish())];
  expect((await rawCall(port, check, { body })).status).toBe(0);
}

describe.skipIf(h2spec === undefined)("the server's HTTP/2", () => {
  test("is that of the standard, by every case of h2spec", async () => {
    const { stdout } = await run(h2spec ?? "", ["-h", "127.0.0.1", "-p", String(port), "-o", "5"]);
    expect(stdout).toMatch(/\d+ tests, \d+ passed, 0 skipped, 0 failed/);
  }, 120_000);
});

/** A connection that says this behind the preface; resolves with what came back when it was ended. */
function say(bytes: Iterable<Buffer>): Promise<{ readonly came: Buffer; readonly socket: Socket }> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const came: Buffer[] = [];
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => came.push(chunk));
    socket.once("close", () => resolve({ came: Buffer.concat(came), socket }));
    socket.write(preface);
    for (const each of bytes) socket.write(each);
  });
}

function blockOf(headers: Readonly<Record<string, string>>): Buffer {
  return Buffer.from(encodeHeaders(headers), "latin1");
}

const settings = toFrameBytes({ type: frameTypes.SETTINGS, flags: 0, streamId: 0 }, Buffer.alloc(0));
const request = blockOf({
  ":method": "POST",
  ":scheme": "http",
  ":path": check,
  ":authority": "localhost",
  "content-type": "application/grpc",
  te: "trailers",
});
const open = (streamId: number) =>
  toFrameBytes({ type: frameTypes.HEADERS, flags: frameFlags.END_HEADERS, streamId }, request);
const enhanceYourCalm = 11;

/** The code with which the server said farewell. */
function farewellOf(came: Buffer): number | undefined {
  let code: number | undefined;
  for (let at = 0; at + 9 <= came.length; at += 9 + came.readUIntBE(at, 3))
    if (came[at + 3] === frameTypes.GOAWAY) code = came.readUInt32BE(at + 13);
  return code;
}

describe("a client that costs more than it asks", () => {
  test.each<readonly [string, () => Generator<Buffer>]>([
    [
      "resets every stream that it begins (CVE-2023-44487)",
      function* () {
        for (let id = 1; id < 6_000; id += 2) {
          yield open(id);
          yield toFrameBytes({ type: frameTypes.RST_STREAM, flags: 0, streamId: id }, toPayload(8));
        }
      },
    ],
    [
      "never ends its headers (CVE-2024-27316)",
      function* () {
        yield toFrameBytes({ type: frameTypes.HEADERS, flags: 0, streamId: 1 }, request);
        const more = blockOf({ "x-more": "y".repeat(4_000) });
        for (let count = 0; count < 100; count++)
          yield toFrameBytes({ type: frameTypes.CONTINUATION, flags: 0, streamId: 1 }, more);
      },
    ],
    [
      "sends frames without anything in them (CVE-2019-9518)",
      function* () {
        yield open(1);
        for (let count = 0; count < 3_000; count++)
          yield toFrameBytes({ type: frameTypes.DATA, flags: 0, streamId: 1 }, Buffer.alloc(0));
      },
    ],
    [
      "sends settings again and again (CVE-2019-9515)",
      function* () {
        for (let count = 0; count < 3_000; count++) yield settings;
      },
    ],
    [
      "sends frames of padding alone (CVE-2019-9518)",
      function* () {
        yield open(1);
        const padding = Buffer.from([3, 0, 0, 0]);
        for (let count = 0; count < 3_000; count++)
          yield toFrameBytes({ type: frameTypes.DATA, flags: frameFlags.PADDED, streamId: 1 }, padding);
      },
    ],
    [
      "sends more settings at once than there are kinds of them (CVE-2020-11080)",
      function* () {
        const many = toSettings(Array.from({ length: 33 }, () => [settingIds.INITIAL_WINDOW_SIZE, 1]));
        yield toFrameBytes({ type: frameTypes.SETTINGS, flags: 0, streamId: 0 }, many);
      },
    ],
    [
      "widens windows byte by byte and is sent nothing (CVE-2019-9517)",
      function* () {
        yield open(1);
        for (let count = 0; count < 3_000; count++)
          yield toFrameBytes({ type: frameTypes.WINDOW_UPDATE, flags: 0, streamId: count % 2 }, toPayload(1));
      },
    ],
    [
      "pings all the time while a call goes on (CVE-2019-9512)",
      function* () {
        yield open(1);
        for (let count = 0; count < 3_000; count++)
          yield toFrameBytes({ type: frameTypes.PING, flags: 0, streamId: 0 }, Buffer.alloc(8));
      },
    ],
    [
      "has the server reset its streams (CVE-2025-8671)",
      function* () {
        for (let id = 1; id < 6_000; id += 2) {
          yield open(id);
          yield toFrameBytes({ type: frameTypes.WINDOW_UPDATE, flags: 0, streamId: id }, toPayload(0));
        }
      },
    ],
    [
      "changes priorities all the time (CVE-2019-9513)",
      function* () {
        for (let count = 0; count < 3_000; count++)
          yield toFrameBytes({ type: frameTypes.PRIORITY, flags: 0, streamId: 3 }, Buffer.alloc(5));
      },
    ],
    [
      "sends frames that nobody knows",
      function* () {
        for (let count = 0; count < 3_000; count++)
          yield toFrameBytes({ type: 200, flags: 0, streamId: 0 }, Buffer.alloc(0));
      },
    ],
    [
      "says more of a stream that was refused",
      function* () {
        yield open(1);
        yield toFrameBytes({ type: frameTypes.WINDOW_UPDATE, flags: 0, streamId: 1 }, toPayload(0));
        const trailers = blockOf({ "x-more": "y" });
        const flags = frameFlags.END_HEADERS | frameFlags.END_STREAM;
        for (let count = 0; count < 3_000; count++)
          yield toFrameBytes({ type: frameTypes.HEADERS, flags, streamId: 1 }, trailers);
      },
    ],
    [
      "repeats a large header by its number (CVE-2016-6581)",
      function* () {
        const large = Buffer.concat([
          Buffer.from([0x40, 1, 0x61, 0x7f, 0x81, 0x1e]),
          Buffer.alloc(4_000, 0x62),
        ]);
        const bomb = Buffer.concat([large, Buffer.alloc(10_000, 0xbe)]);
        yield toFrameBytes({ type: frameTypes.HEADERS, flags: frameFlags.END_HEADERS, streamId: 1 }, bomb);
      },
    ],
  ])("%s is sent away", async (_name, frames) => {
    // A server that closes while more comes has the connection reset, which may overtake its farewell: once more then.
    const tellsWhy = async () => farewellOf((await say([settings, ...frames()])).came);
    await expect.poll(tellsWhy, { timeout: 20_000 }).toBe(enhanceYourCalm);
    await isServed();
  });

  test("asks for signs of life and reads none of them is left", async () => {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => undefined);
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    socket.pause();
    socket.write(Buffer.concat([preface, settings]));
    const ping = toFrameBytes({ type: frameTypes.PING, flags: 0, streamId: 0 }, Buffer.alloc(8));
    const pings = Buffer.concat(Array.from({ length: 10_000 }, () => ping));
    const state = { isOpen: true };
    void closed.then(() => {
      state.isOpen = false;
    });
    for (let count = 0; count < 200 && state.isOpen; count++) {
      if (!socket.write(pings))
        await Promise.race([closed, new Promise((resolve) => socket.once("drain", resolve))]);
    }
    await closed;
    await isServed();
  });
});

test("calls beyond those that may be at the same time are refused, and can be repeated", async () => {
  const frames = Array.from({ length: 101 }, (_, index) => open(index * 2 + 1));
  const socket = connect(port, "127.0.0.1");
  const came: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => came.push(chunk));
  socket.write(Buffer.concat([preface, settings, ...frames]));
  const refusedStream = toFrameBytes({ type: frameTypes.RST_STREAM, flags: 0, streamId: 201 }, toPayload(7));
  await expect.poll(() => Buffer.concat(came).includes(refusedStream)).toBe(true);
  socket.destroy();
});

test("a dialog of which the replies are not waited for is ended before it fills the memory", async () => {
  const ask = frame(ServerReflectionRequest.encode({ list_services: "" }).finish());
  const path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
  const few = await rawCall(port, path, { body: [Buffer.concat(Array.from({ length: 20 }, () => ask))] });
  expect(few.status).toBe(0);
  const many = await rawCall(port, path, { body: [Buffer.concat(Array.from({ length: 200 }, () => ask))] });
  expect(many).toMatchObject({ status: 8, message: expect.stringContaining("Read the replies") });
});

test("whatever bytes come, the server goes on serving others", async () => {
  const anyFrame = fc
    .record({
      type: fc.integer({ min: 0, max: 12 }),
      flags: fc.integer({ min: 0, max: 255 }),
      streamId: fc.integer({ min: 0, max: 9 }),
      payload: fc.uint8Array({ maxLength: 64 }),
    })
    .map(({ payload, ...head }) => toFrameBytes(head, payload));
  const bytes = fc.oneof(
    fc.array(anyFrame, { maxLength: 20 }).map((frames) => Buffer.concat([settings, open(1), ...frames])),
    fc.uint8Array({ maxLength: 400 }).map((raw) => Buffer.from(raw)),
  );
  await fc.assert(
    fc.asyncProperty(bytes, async (sent) => {
      const socket = connect(port, "127.0.0.1");
      socket.on("error", () => undefined);
      socket.resume();
      const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
      socket.end(Buffer.concat([preface, sent]));
      await closed;
    }),
    { numRuns: 300 },
  );
  await isServed();
  expect(platform.log()).not.toMatch(/"level":"(?:fatal|error)"/);
}, 60_000);

test("a large reply goes out as its reader takes it, over windows of any size", async () => {
  for (const initialWindowSize of [0, 1, 1_000, 65_535]) {
    const session = connectHttp2(`http://127.0.0.1:${port}`, { settings: { initialWindowSize } });
    const stream = session.request({
      ":method": "POST",
      ":path": "/llmplatform.v1.Operations/List",
      "content-type": "application/grpc",
      te: "trailers",
    });
    stream.end(frame(new Uint8Array()));
    if (initialWindowSize === 0) session.settings({ initialWindowSize: 100 });
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    const trailers = await new Promise<{ readonly "grpc-status"?: unknown }>((resolve) =>
      stream.once("trailers", resolve),
    );
    const reply = Buffer.concat(chunks);
    expect(trailers["grpc-status"]).toBe("0");
    expect(reply.length).toBe(5 + reply.readUInt32BE(1));
    expect(reply.length).toBeGreaterThan(10_000);
    session.close();
  }
}, 60_000);
