import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type Load, startLoad } from "../crash/load.ts";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { chatBody, eventsOf, metric } from "./http.ts";
import { openAiIntegration, type Platform } from "./start-platform.ts";
import {
  connectClients,
  expectNoProcess,
  type ReadyWorker,
  readyWorkers,
  startWithWorkers,
} from "./worker-platform.ts";

const callers = 20;
let openai: FakeUpstream;

beforeAll(async () => {
  openai = await createFakeUpstream({ dialect: "openai", tokenDelayMs: 5, chunks: 10 });
});
afterEach(() => openai.reset());
afterAll(() => openai.stop());

function start(more: Readonly<Record<string, unknown>> = {}): Promise<Platform> {
  return startWithWorkers({ ...more, integrations: [openAiIntegration("fake", openai.origin)] });
}

/** Kills a worker; settles with the time until another one in its place took connections. */
async function killAndWait(platform: Platform, worker: number): Promise<number> {
  const [last] = lives(platform, worker).slice(-1);
  if (last === undefined) throw new Error(`there is no worker ${worker}`);
  const killedAtMs = Date.now();
  process.kill(last.pid, "SIGKILL");
  await expect
    .poll(() => lives(platform, worker).at(-1)?.pid, { interval: 10, timeout: 10_000 })
    .not.toBe(last.pid);
  return (lives(platform, worker).at(-1)?.atMs ?? Number.POSITIVE_INFINITY) - killedAtMs;
}

function lives(platform: Platform, worker: number): readonly ReadyWorker[] {
  return readyWorkers(platform).filter((each) => each.worker === worker);
}

/** Reads a counter again and again, and notes each time that it had gone back. */
function watchCounter(platform: Platform, name: string): { stop(): Promise<readonly string[]> } {
  const state = { isOver: false, last: 0 };
  const falls: string[] = [];
  // The connection of a question may be one that a kill takes along.
  const watching = (async () => {
    while (!state.isOver) {
      const value = await metric(platform, name).catch(() => state.last);
      if (value < state.last) falls.push(`${name} fell from ${state.last} to ${value}`);
      state.last = value;
    }
  })();
  return {
    async stop() {
      state.isOver = true;
      await watching;
      return falls;
    },
  };
}

/** On a quiet machine a second is so many starts of Node, and a worker needs a third of it. */
const mostNodeStarts = 20;

/** Milliseconds in which this machine now starts Node and ends it. */
async function startNode(): Promise<number> {
  const startedAtMs = performance.now();
  await once(spawn(process.execPath, ["--eval", ""]), "exit");
  return performance.now() - startedAtMs;
}

function openLoad(platform: Platform): Load {
  const load = startLoad({ port: platform.port, model: "tiny-chat", callers, random: Math.random });
  load.setOpen(true);
  return load;
}

test("connections that were on their way to workers that die are served all the same", async () => {
  const platform = await start();
  const workers = readyWorkers(platform);
  for (const { pid } of workers) process.kill(pid, "SIGSTOP");
  const clients = connectClients(platform, 20);
  const asked = clients.map((client) =>
    client.chat({ model: "fake/tiny-chat" }).then(
      ({ status }) => status,
      () => "broken",
    ),
  );
  await sleep(500);
  for (const { pid } of workers) process.kill(pid, "SIGKILL");
  const answers = await Promise.all(asked);
  // One connection at a time is on its way to a process.
  expect(answers.filter((answer) => answer === "broken").length).toBeLessThanOrEqual(workers.length);
  expect(answers.filter((answer) => answer === 200).length).toBeGreaterThanOrEqual(20 - workers.length);
  for (const client of clients) client.leave();
  await platform.stop();
});

test("a worker that is killed under load takes its own connections along and nothing else", async () => {
  const platform = await start();
  const load = openLoad(platform);
  const counter = watchCounter(platform, "llm_requests_total");
  await sleep(500);
  const tookMs: number[] = [];
  for (const worker of [1, 2]) {
    tookMs.push(await killAndWait(platform, worker));
    await sleep(300);
  }
  // A second, and longer only where the machine has other work to do, of which one of two may be free.
  expect(Math.min(...tookMs)).toBeLessThan(Math.max(1_000, mostNodeStarts * (await startNode())));
  await load.stop();
  expect(await counter.stop()).toEqual([]);
  expect(await metric(platform, "llm_worker_restarts_total")).toBe(2);
  expect(await metric(platform, "llm_workers", 'state="ready"')).toBe(2);

  const seen = load.take();
  const ended = seen.filter(({ progress, isCancelled }) => progress === "ended" && !isCancelled);
  expect(ended.length).toBeGreaterThan(callers * 4);
  expect(ended.filter(({ status }) => status !== 200)).toEqual([]);
  // The connections were dealt evenly: each of the two kills broke no more than there were calls with that worker.
  const broken = seen.filter(({ progress, isCancelled }) => progress !== "ended" && !isCancelled);
  expect(broken.length).toBeLessThanOrEqual(callers + callers / 2);

  // Everything is in the ledger when the server has stopped.
  platform.kill("SIGTERM");
  expect(await platform.exit).toBe(0);
  const rows = new Map<string, string[]>();
  for (const { attemptId, outcome } of await platform.ledgerRows({ count: ended.length })) {
    const requestId = attemptId.slice(0, attemptId.lastIndexOf("."));
    rows.set(requestId, [...(rows.get(requestId) ?? []), outcome]);
  }
  for (const { requestId } of ended) expect(rows.get(requestId), requestId).toEqual(["stop"]);
  for (const { requestId, progress } of broken) {
    const outcomes = rows.get(requestId) ?? [];
    // A call of which its client saw only the head may have been too young to be noted.
    expect(outcomes.length, requestId).toBeLessThanOrEqual(1);
    if (progress === "content") expect(["interrupted", "stop"]).toContain(outcomes[0]);
  }
  await platform.stop();
});

/** A stream of which content came; how it ends is awaited by `rest`. */
async function openStream(platform: Platform): Promise<{ readonly rest: Promise<string> }> {
  const response = await fetch(`${platform.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(chatBody("tiny-chat", { stream: true })),
  });
  const began = Promise.withResolvers<void>();
  const rest = readAll(response, (text) => {
    if (text.includes('"content":"w')) began.resolve();
  });
  // Whoever waits for the end hears of it too.
  rest.catch((error: unknown) => began.reject(error));
  await began.promise;
  return { rest };
}

async function readAll(response: Response, onText: (text: string) => void): Promise<string> {
  let text = "";
  for await (const part of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += part;
    onText(text);
  }
  return text;
}

test("the slots of a dead worker come back, and a stream that it had is told of as interrupted", async () => {
  const most = 4;
  const platform = await start({ gateway: { max_in_flight: most } });
  openai.always({ kind: "endless-stream", intervalMs: 20 });
  const clients = connectClients(platform, most);
  const streams = await Promise.all(clients.map(() => openStream(platform)));
  for (const worker of [1, 2]) await killAndWait(platform, worker);
  for (const stream of streams) await expect(stream.rest).rejects.toThrow();
  expect((await platform.ledgerRows({ count: most })).map(({ outcome }) => outcome)).toEqual(
    Array.from({ length: most }, () => "interrupted"),
  );
  openai.always({ kind: "stream", chunks: 20, intervalMs: 50 });
  const more = await Promise.all(clients.map((client) => client.chat({ model: "tiny-chat", stream: true })));
  for (const { text } of more) expect(eventsOf(text).at(-1)).toBe("[DONE]");
  for (const client of clients) client.leave();
  await platform.stop();
});

test("a worker that stands still is ended and replaced", async () => {
  const platform = await start();
  const [still] = lives(platform, 2);
  if (still === undefined) throw new Error("there is no second worker");
  process.kill(still.pid, "SIGSTOP");
  await platform.logLine(/"event":"worker\.hung"/);
  await expect.poll(() => lives(platform, 2).length, { timeout: 5_000 }).toBe(2);
  const clients = connectClients(platform, 4);
  for (const client of clients) expect((await client.chat({ model: "tiny-chat" })).status).toBe(200);
  for (const client of clients) client.leave();
  expect(await platform.stop()).toBe(0);
});

test("workers end with a first process that is killed", async () => {
  const platform = await start();
  platform.kill("SIGKILL");
  await platform.exit;
  await expectNoProcess(platform);
});
