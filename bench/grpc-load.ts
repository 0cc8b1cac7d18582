import { connect, type Socket } from "node:net";
import { parseArgs } from "node:util";
import { MessageWriter } from "../packages/server/src/api/grpc/frames.ts";
import { ChatRequest } from "../packages/server/src/api/grpc/generated/platform.ts";
import {
  frameFlags,
  frameHeadBytes,
  frameTypes,
  highest,
  preface,
  settingIds,
  toFrameBytes,
  toPayload,
  toSettings,
} from "../packages/server/src/wire/http2-frames.ts";
import { encodeHeaders } from "../packages/server/src/wire/hpack-encoder.ts";

/**
 * Asks `Inference.Chat` again and again over a few connections, so many calls at once on each, and prints JSON. It writes
 * the same bytes every time and looks only at how a call ended: a client that does more would be busier than the server.
 */
const { values } = parseArgs({
  options: {
    port: { type: "string", default: "50051" },
    key: { type: "string", default: "" },
    model: { type: "string", default: "" },
    connections: { type: "string", default: "5" },
    calls: { type: "string", default: "10" },
    seconds: { type: "string", default: "2" },
    "body-bytes": { type: "string", default: "1000" },
  },
});

const told = { requests: 0, failures: 0 };
const settings = toSettings([[settingIds.INITIAL_WINDOW_SIZE, highest]]);
const greeting = Buffer.concat([
  preface,
  toFrameBytes({ type: frameTypes.SETTINGS, flags: 0, streamId: 0 }, settings),
  toFrameBytes({ type: frameTypes.WINDOW_UPDATE, flags: 0, streamId: 0 }, toPayload(highest - 65_535)),
]);
const head = toFrameBytes(
  { type: frameTypes.HEADERS, flags: frameFlags.END_HEADERS, streamId: 0 },
  blockOf({
    ":method": "POST",
    ":scheme": "http",
    ":path": "/llmplatform.v1.Inference/Chat",
    ":authority": "127.0.0.1",
    "content-type": "application/grpc",
    te: "trailers",
    authorization: `Bearer ${values.key}`,
  }),
);
const message = new MessageWriter().write(ChatRequest, {
  model: values.model,
  messages: [{ role: "user", content: "x".repeat(Number(values["body-bytes"])) }],
});
const data = toFrameBytes({ type: frameTypes.DATA, flags: frameFlags.END_STREAM, streamId: 0 }, message);
/** The trailer `grpc-status: 0`, as the server writes it. */
const well = blockOf({ "grpc-status": "0" });
const streamIdAt = 5;

function blockOf(headers: Readonly<Record<string, string>>): Buffer {
  return Buffer.from(encodeHeaders(headers), "latin1");
}

function requestOf(streamId: number): Buffer {
  const request = Buffer.concat([head, data]);
  request.writeUInt32BE(streamId, streamIdAt);
  request.writeUInt32BE(streamId, head.length + streamIdAt);
  return request;
}

/** One connection, that asks again for each answer until it is time. */
class Asker {
  readonly #socket: Socket;
  readonly #untilMs: number;
  #nextId = 1;
  #open = 0;
  #rest: Buffer = Buffer.alloc(0);

  constructor(socket: Socket, untilMs: number) {
    this.#socket = socket;
    this.#untilMs = untilMs;
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.write(greeting);
  }

  ask(): void {
    this.#open++;
    this.#socket.write(requestOf(this.#nextId));
    this.#nextId += 2;
  }

  #read(chunk: Buffer): void {
    const input = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    this.#socket.cork();
    while (input.length - at >= frameHeadBytes) {
      const end = at + frameHeadBytes + input.readUIntBE(at, 3);
      if (end > input.length) break;
      const isEnd = ((input[at + 4] ?? 0) & frameFlags.END_STREAM) !== 0;
      if (input[at + 3] === frameTypes.HEADERS && isEnd)
        this.#count(input.subarray(at + frameHeadBytes, end));
      at = end;
    }
    this.#rest = input.subarray(at);
    this.#socket.uncork();
  }

  #count(trailers: Buffer): void {
    this.#open--;
    if (trailers.equals(well)) told.requests++;
    else told.failures++;
    if (performance.now() < this.#untilMs) this.ask();
    else if (this.#open === 0) this.#socket.destroy();
  }
}

const untilMs = performance.now() + Number(values.seconds) * 1_000;
const sockets = Array.from({ length: Number(values.connections) }, () =>
  connect(Number(values.port), "127.0.0.1"),
);
await Promise.all(
  sockets.map((socket) => {
    const asker = new Asker(socket, untilMs);
    for (let call = 0; call < Number(values.calls); call++) asker.ask();
    return new Promise((resolve) => socket.once("close", resolve));
  }),
);
process.stdout.write(`${JSON.stringify(told)}\n`);
