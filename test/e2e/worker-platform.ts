import { Agent, request } from "node:http";
import { expect } from "vitest";
import { type Platform, startPlatform } from "./start-platform.ts";

/** The server with two workers, whatever the other tests run with. */
export function startWithWorkers(
  config: Readonly<Record<string, unknown>>,
  dataDirectory?: string,
): Promise<Platform> {
  return startPlatform({
    config,
    env: { LLM_PLATFORM_SERVER__WORKERS: "2", LLM_PLATFORM_SERVER__FAST_LANE: "true" },
    ...(dataDirectory === undefined ? {} : { dataDirectory }),
  });
}

/** What the log says of a worker that takes connections. */
export type ReadyWorker = {
  readonly worker: number;
  readonly pid: number;
  readonly atMs: number;
};

/** Every worker that ever was ready, oldest first. */
export function readyWorkers(platform: Platform): readonly ReadyWorker[] {
  return platform
    .log()
    .split("\n")
    .filter((line) => line.includes('"event":"worker.ready"'))
    .map((line) => {
      const { worker, pid, time }: Readonly<Record<string, unknown>> = JSON.parse(line);
      return { worker: Number(worker), pid: Number(pid), atMs: Date.parse(String(time)) };
    });
}

/** Settles when the server's process and all its workers are gone: they write into one pipe. */
export async function expectNoProcess(platform: Platform): Promise<void> {
  await expect(platform.logLine(/(?!)/)).rejects.toThrow("the server ended");
}

/** A reply as a client on a connection of its own sees it. */
export type OwnReply = { readonly status: number; readonly requestId: string; readonly text: string };

/** Clients that each keep one connection. */
export function connectClients(platform: Platform, count: number): readonly ConnectedClient[] {
  return Array.from({ length: count }, () => new ConnectedClient(platform.port));
}

export class ConnectedClient {
  readonly #port: number;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(port: number) {
    this.#port = port;
  }

  /** Rejects when the connection ends before the reply does. */
  chat(
    body: Readonly<Record<string, unknown>>,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<OwnReply> {
    const text = JSON.stringify({ messages: [{ role: "user", content: "one two three" }], ...body });
    const length = String(Buffer.byteLength(text));
    return this.#send("/v1/chat/completions", text, {
      "content-type": "application/json",
      "content-length": length,
      ...headers,
    });
  }

  get(path: string): Promise<OwnReply> {
    return this.#send(path, undefined, {});
  }

  leave(): void {
    this.#agent.destroy();
  }

  #send(
    path: string,
    body: string | undefined,
    headers: Readonly<Record<string, string>>,
  ): Promise<OwnReply> {
    const { promise, resolve, reject } = Promise.withResolvers<OwnReply>();
    const method = body === undefined ? "GET" : "POST";
    const place = { agent: this.#agent, host: "127.0.0.1", port: this.#port };
    const outgoing = request({ ...place, path, method, headers }, (reply) => {
      let text = "";
      reply.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      reply.on("error", reject);
      reply.on("end", () =>
        resolve({
          status: reply.statusCode ?? 0,
          requestId: String(reply.headers["x-request-id"] ?? ""),
          text,
        }),
      );
    });
    outgoing.on("error", reject);
    outgoing.end(body);
    return promise;
  }
}
