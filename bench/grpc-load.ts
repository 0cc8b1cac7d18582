import { connect } from "node:http2";
import { parseArgs } from "node:util";
import { ChatRequest } from "../packages/server/src/api/grpc/generated/platform.ts";

/** Asks `Inference.Chat`, or `ChatStream` with `--stream`, again and again over a few connections, and prints JSON. */
const { values } = parseArgs({
  options: {
    port: { type: "string", default: "50051" },
    key: { type: "string", default: "" },
    model: { type: "string", default: "" },
    connections: { type: "string", default: "5" },
    calls: { type: "string", default: "10" },
    seconds: { type: "string", default: "2" },
    "body-bytes": { type: "string", default: "1000" },
    stream: { type: "boolean", default: false },
  },
});

const told = { requests: 0, failures: 0 };
const prefixBytes = 5;

function toFrame(): Buffer {
  const content = "x".repeat(Number(values["body-bytes"]));
  const message = ChatRequest.encode({ model: values.model, messages: [{ role: "user", content }] }).finish();
  const frame = Buffer.alloc(prefixBytes + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, prefixBytes);
  return frame;
}

const frame = toFrame();
const headers = {
  ":method": "POST",
  ":path": `/llmplatform.v1.Inference/${values.stream ? "ChatStream" : "Chat"}`,
  "content-type": "application/grpc",
  te: "trailers",
  authorization: `Bearer ${values.key}`,
};

/** Asks, and asks again when that was answered, until it is time. */
async function askUntil(session: ReturnType<typeof connect>, untilMs: number): Promise<void> {
  while (performance.now() < untilMs) {
    const isWell = await new Promise<boolean>((resolve) => {
      const stream = session.request(headers);
      const state = { isWell: false };
      stream.on("trailers", (trailers) => {
        state.isWell = trailers["grpc-status"] === "0";
      });
      stream.on("error", () => undefined);
      stream.resume();
      stream.once("close", () => resolve(state.isWell));
      stream.end(frame);
    });
    if (isWell) told.requests++;
    else told.failures++;
  }
}

const untilMs = performance.now() + Number(values.seconds) * 1_000;
const sessions = Array.from({ length: Number(values.connections) }, () =>
  connect(`http://127.0.0.1:${values.port}`),
);
await Promise.all(
  sessions.flatMap((session) =>
    Array.from({ length: Number(values.calls) }, () => askUntil(session, untilMs)),
  ),
);
for (const session of sessions) session.close();
process.stdout.write(`${JSON.stringify(told)}\n`);
