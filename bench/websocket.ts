import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { WebSocket } from "ws";
import { benchKey, benchModel } from "./contestants/contestant.ts";
import { readMachine } from "./conditions.ts";
import { median } from "./figures.ts";
import { keepFurther } from "./further.ts";
import { createProcesses, type PinnedProcess } from "./processes.ts";
import { rewriteReport } from "./report.ts";
import { benchAuth, integrationsBefore, type ServerConfig, startServer } from "./server.ts";
import { startScriptedUpstream } from "./upstream.ts";

// What many WebSocket connections cost one server: `node bench/websocket.ts [--sockets N] [--rounds N]`. Memory of each with a
// chat that goes on, and how long one event takes to the last of all who follow. Wanted for 2,000: 40 KB each, 250 ms.

const benchFolder = fileURLToPath(new URL("./", import.meta.url));
const headers = { authorization: `Bearer ${benchKey}` };
const firstEvent = {
  id: "c",
  object: "chat.completion.chunk",
  created: 0,
  model: benchModel,
  choices: [{ index: 0, delta: { role: "assistant", content: "Hello" }, finish_reason: null }],
};
const settleMs = 3_000;
const atOnce = 50;
const warmUpSockets = 200;

/** Answers every chat with one event, and holds it. */
function answerWithOneEvent(response: ServerResponse): void {
  response.setHeader("content-type", "text/event-stream");
  response.write(`data: ${JSON.stringify(firstEvent)}\n\n`);
}

/** None of its bounds is met by so many connections of one principal. */
function toConfig(upstreamPort: number): ServerConfig {
  return {
    gateway: { max_in_flight: 20_000, chunk_timeout_seconds: 600 },
    grpc: { enabled: false },
    auth: benchAuth,
    websocket: { max_connections_per_principal: 100_000 },
    integrations: integrationsBefore(upstreamPort, { max_connections: 20_000 }),
  };
}

/** Connects so many, and resolves when each has heard a frame of this type. */
async function connectAll(
  url: string,
  count: number,
  { type, first }: { readonly type: string; readonly first?: object },
): Promise<readonly WebSocket[]> {
  const sockets: WebSocket[] = [];
  const connectOne = async () => {
    const socket = new WebSocket(url, { headers, perMessageDeflate: false });
    const heard = hear(socket, type);
    await once(socket, "open");
    if (first !== undefined) socket.send(JSON.stringify(first));
    await heard;
    sockets.push(socket);
  };
  while (sockets.length < count)
    await Promise.all(Array.from({ length: Math.min(atOnce, count - sockets.length) }, connectOne));
  return sockets;
}

/** Resolves at the next frame of a type, with the time of its arrival. */
function hear(socket: WebSocket, type: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const wanted = `"type":"${type}"`;
    const onMessage = (data: unknown) => {
      const text = String(data);
      if (text.includes('"error":{')) reject(new Error(text));
      if (!text.includes(wanted)) return;
      socket.off("message", onMessage);
      socket.off("error", reject);
      resolve(performance.now());
    };
    socket.on("message", onMessage);
    socket.once("error", reject);
  });
}

async function closeAll(sockets: readonly WebSocket[]): Promise<void> {
  await Promise.all(
    sockets.map(async (socket) => {
      socket.close(1000);
      await once(socket, "close");
    }),
  );
}

/** Proportional memory of a process and its children, after a while in which it can settle. */
async function settledBytes(running: PinnedProcess): Promise<number> {
  await wait(settleMs);
  let bytes = 0;
  for (const pid of await running.pids()) {
    const rollup = await readFile(`/proc/${pid}/smaps_rollup`, "utf8");
    bytes += Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0) * 1024;
  }
  return bytes;
}

const chatStart = {
  type: "chat.start",
  id: "c",
  data: { request: { model: benchModel, messages: [{ role: "user", content: "Hello" }] } },
};

async function measureMemory(running: PinnedProcess, url: string, count: number): Promise<number> {
  const chat = { type: "chat.delta", first: chatStart };
  // What is made once is there before.
  await closeAll(await connectAll(`${url}/ws/chat`, warmUpSockets, chat));
  const before = await settledBytes(running);
  const sockets = await connectAll(`${url}/ws/chat`, count, chat);
  const after = await settledBytes(running);
  await closeAll(sockets);
  return (after - before) / count;
}

/** Milliseconds from asking for a change until the last of all followers has heard of it. */
async function measureBroadcast(
  { port, url }: { readonly port: number; readonly url: string },
  count: number,
  rounds: number,
): Promise<readonly number[]> {
  const sockets = await connectAll(`${url}/ws/events`, count, { type: "session.opened" });
  await wait(settleMs);
  const taken: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const heard = sockets.map((socket) => hear(socket, "integration.config_changed"));
    const askedAtMs = performance.now();
    const answer = await fetch(`http://127.0.0.1:${port}/integrations/mock/config`, {
      method: "PUT",
      headers: { ...headers, "content-type": "application/json" },
      body: JSON.stringify({ priority: round + 2 }),
    });
    if (!answer.ok) throw new Error(await answer.text());
    taken.push(Math.max(...(await Promise.all(heard))) - askedAtMs);
  }
  await closeAll(sockets);
  return taken;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      sockets: { type: "string", default: "2000" },
      rounds: { type: "string", default: "9" },
    },
  });
  const count = Number(values.sockets);
  const conditions = await readMachine(new Date());
  const processes = createProcesses();
  const folder = await mkdtemp(join(tmpdir(), "llm-platform-websocket-bench-"));
  const upstream = await startScriptedUpstream(answerWithOneEvent);
  try {
    const config = toConfig(upstream.port);
    const { process: running, port } = await startServer({ processes, folder, config });
    const url = `ws://127.0.0.1:${port}`;
    const bytes = await measureMemory(running, url, count);
    const taken = await measureBroadcast({ port, url }, count, Number(values.rounds));
    await keepFurther(benchFolder, "websocket", {
      title: "Many WebSockets at once",
      note: `\`node bench/websocket.ts\`: ${count} connections to one server. Memory: a chat on each whose upstream is silent after its first words. Broadcast: from asking for a change until the last follower has heard of it, ${taken.length} times. Wanted: at most 40 KB for each, and 250 ms.`,
      conditions,
      columns: ["what", "measured"],
      rows: [
        ["bytes for each open chat", Math.round(bytes).toLocaleString("en")],
        ["broadcast to all, median ms", (median(taken) ?? Number.NaN).toFixed(0)],
        ["broadcast to all, longest ms", Math.max(...taken).toFixed(0)],
      ],
    });
    process.stdout.write(`written to ${await rewriteReport(benchFolder)}\n`);
  } finally {
    await processes.stopAll();
    upstream.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

await main();
