import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { encodeHeaders } from "./hpack-encoder.ts";
import { HuffmanDecoder } from "./hpack-huffman.ts";
import { Http2Connection } from "./http2-connection.ts";
import { http2Codes } from "./http2-error.ts";
import {
  frameFlags,
  frameHeadBytes,
  frameTypes,
  preface,
  settingIds,
  toFrameBytes,
  toPayload,
  toSettings,
} from "./http2-frames.ts";

const replyBytes = 200_000;

let server: Server;
let client: Socket;
let came: Buffer;
let connection: Promise<Http2Connection>;
let gone: boolean;

/** A server that answers every stream with so many bytes, and a client of which every byte is the test's. */
beforeEach(async () => {
  came = Buffer.alloc(0);
  gone = false;
  const { promise, resolve } = Promise.withResolvers<Http2Connection>();
  connection = promise;
  server = createServer((socket) =>
    resolve(
      new Http2Connection({
        socket,
        huffman: new HuffmanDecoder(),
        maxConcurrentStreams: 10,
        onStream(stream) {
          stream.watch({
            onData: () => undefined,
            onEnd: () => undefined,
            onDrain: () => undefined,
            onGone: () => {
              gone = true;
            },
          });
          stream.respond(encodeHeaders({ ":status": 200 }), false);
          stream.write(Buffer.alloc(replyBytes));
        },
        onPing: () => undefined,
        onPong: () => undefined,
        onStreamEnd: () => undefined,
        onClose: () => undefined,
        onFault(error) {
          throw error;
        },
      }),
    ),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // It listens on a port.
  client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  client.on("data", (chunk: Buffer) => {
    came = Buffer.concat([came, chunk]);
  });
});

afterEach(async () => {
  client.destroy();
  server.close();
  await once(server, "close");
});

function begin(initialWindow: number): void {
  const settings = toSettings([[settingIds.INITIAL_WINDOW_SIZE, initialWindow]]);
  const request = encodeHeaders({ ":method": "POST", ":scheme": "http", ":path": "/" });
  client.write(
    Buffer.concat([
      preface,
      toFrameBytes({ type: frameTypes.SETTINGS, flags: 0, streamId: 0 }, settings),
      toFrameBytes(
        { type: frameTypes.HEADERS, flags: frameFlags.END_HEADERS, streamId: 1 },
        Buffer.from(request, "latin1"),
      ),
    ]),
  );
}

/** Bytes of data that came, and the code by which the stream was reset. */
function seen(): { readonly data: number; readonly resetBy: number | undefined } {
  let data = 0;
  let resetBy: number | undefined;
  for (let at = 0; at + frameHeadBytes <= came.length; ) {
    const length = came.readUIntBE(at, 3);
    if (came[at + 3] === frameTypes.DATA) data += length;
    if (came[at + 3] === frameTypes.RST_STREAM) resetBy = came.readUInt32BE(at + frameHeadBytes);
    at += frameHeadBytes + length;
  }
  return { data, resetBy };
}

async function take(bytes: number): Promise<void> {
  const wanted = seen().data + bytes;
  client.write(toFrameBytes({ type: frameTypes.WINDOW_UPDATE, flags: 0, streamId: 1 }, toPayload(bytes)));
  await expect.poll(() => seen().data).toBe(wanted);
}

test("gives a reply up of which nothing is taken for half a minute", async () => {
  begin(0);
  const served = await connection;
  await expect.poll(() => served.streamCount).toBe(1);
  served.endStalled(0);
  served.endStalled(30_000);
  expect(gone).toBe(false);
  served.endStalled(30_001);
  expect(gone).toBe(true);
  expect(served.streamCount).toBe(0);
  await expect.poll(() => seen().resetBy).toBe(http2Codes.CANCEL);
});

test("gives a reply up that is taken byte by byte (CVE-2019-9511)", async () => {
  begin(0);
  const served = await connection;
  await expect.poll(() => served.streamCount).toBe(1);
  served.endStalled(0);
  for (let seconds = 1; seconds <= 30; seconds++) {
    await take(1);
    served.endStalled(seconds * 1_000);
  }
  expect(gone).toBe(false);
  served.endStalled(31_000);
  expect(gone).toBe(true);
});

test("waits for who takes a reply slowly", async () => {
  begin(0);
  const served = await connection;
  await expect.poll(() => served.streamCount).toBe(1);
  for (let seconds = 0; seconds < 75; seconds += 25) {
    await take(16 * 1024);
    served.endStalled(seconds * 1_000);
  }
  expect(gone).toBe(false);
});
