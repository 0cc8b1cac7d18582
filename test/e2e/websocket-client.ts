import type { IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { type ClientOptions, WebSocket } from "ws";
import { z } from "zod";
import { ask } from "./http.ts";
import type { Platform } from "./start-platform.ts";

const frameSchema = z.object({
  v: z.literal(1),
  type: z.string(),
  id: z.string().optional(),
  seq: z.number(),
  ts: z.number(),
  item_id: z.string().optional(),
  data: z.record(z.string(), z.any()),
});

/** A frame of the server. */
export type Frame = z.output<typeof frameSchema>;

/** One connection, with every frame that came. */
export interface TestSocket {
  readonly webSocket: WebSocket;
  readonly frames: readonly Frame[];
  /** Of `session.opened`. */
  readonly session: string;
  send(frame: Readonly<Record<string, unknown>>): void;
  /** The first frame so far or to come that fits. Rejects when the connection ends first, or after ten seconds. */
  next(type: string | RegExp, id?: string): Promise<Frame>;
  /** Frames of an id so far. */
  of(id: string): readonly Frame[];
  /** With the code and the reason. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  /** Lets the connection break, as if the network was gone. */
  cut(): void;
  close(): Promise<void>;
}

const waitMs = 10_000;
const pollMs = 50;

/** Connects; rejects with what the server answered when it did not let the client in. */
export async function connectSocket(
  platform: Pick<Platform, "url">,
  path: string,
  options: ClientOptions & { readonly protocols?: readonly string[] } = {},
): Promise<TestSocket> {
  const { protocols = [], ...rest } = options;
  const url = platform.url.replace(/^http/, "ws") + path;
  const webSocket = new WebSocket(url, [...protocols], { ...rest });
  const frames: Frame[] = [];
  const waiting = new Set<() => void>();
  const state = { isClosed: false };
  const wake = () => {
    for (const each of waiting) each();
  };
  webSocket.on("message", (data) => {
    frames.push(frameSchema.parse(JSON.parse(String(data))));
    wake();
  });
  const closed = new Promise<{ readonly code: number; readonly reason: string }>((resolve) => {
    webSocket.once("close", (code, reason) => {
      state.isClosed = true;
      resolve({ code, reason: String(reason) });
      wake();
    });
  });
  await opened(webSocket);
  webSocket.on("error", () => undefined);

  async function next(type: string | RegExp, id?: string): Promise<Frame> {
    const fits = (frame: Frame) =>
      (typeof type === "string" ? frame.type === type : type.test(frame.type)) &&
      (id === undefined || frame.id === id);
    const over = new AbortController();
    const late = sleep(waitMs, "late" as const, { signal: over.signal }).catch(() => "late" as const);
    try {
      for (;;) {
        const found = frames.find(fits);
        if (found !== undefined) return found;
        const { promise, resolve } = Promise.withResolvers<void>();
        waiting.add(resolve);
        const ended = state.isClosed ? "late" : await Promise.race([promise, late]);
        waiting.delete(resolve);
        if (ended === "late") {
          const seen = frames.slice(-5).map((frame) => JSON.stringify(frame));
          throw new Error(`no ${type} of ${id}; the last frames: ${seen.join("\n")}`);
        }
      }
    } finally {
      over.abort();
    }
  }

  const first = await next("session.opened");
  return {
    webSocket,
    frames,
    session: String(first.data["session"]),
    send: (frame) => webSocket.send(JSON.stringify(frame)),
    next,
    of: (id) => frames.filter((frame) => frame.id === id),
    closed,
    cut: () => webSocket.terminate(),
    async close() {
      webSocket.close(1000);
      await closed;
    },
  };
}

/** Resolves when a model can be called: a server on a busy machine takes calls before it knows its models. */
export async function untilServed(platform: Platform, model: string, key?: string): Promise<void> {
  const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
  const untilMs = performance.now() + waitMs;
  while ((await ask(platform, `/v1/models/${model}`, { headers })).status !== 200) {
    if (performance.now() > untilMs) throw new Error(`${model} is not served`);
    await sleep(pollMs);
  }
}

/** What a server answered that did not let a client in. */
export class NotLetIn extends Error {
  readonly status: number;
  readonly text: string;

  constructor(status: number, text: string) {
    super(`${status} ${text}`);
    this.status = status;
    this.text = text;
  }
}

function opened(webSocket: WebSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    webSocket.once("open", () => resolve());
    webSocket.once("error", reject);
    webSocket.once("unexpected-response", (_request, response: IncomingMessage) => {
      let text = "";
      response.on("data", (chunk) => {
        text += String(chunk);
      });
      response.once("end", () => reject(new NotLetIn(response.statusCode ?? 0, text)));
    });
  });
}

export function chatStart(id: string, model: string, more: Readonly<Record<string, unknown>> = {}) {
  const request = { model, messages: [{ role: "user", content: "one two three" }], ...more };
  return { type: "chat.start", id, data: { request } };
}

/** What the deltas say together. */
export function textOf(frames: readonly Frame[]): string {
  return frames
    .filter(({ type }) => type === "chat.delta")
    .map(({ data }) => String(data["delta"]?.content ?? ""))
    .join("");
}
