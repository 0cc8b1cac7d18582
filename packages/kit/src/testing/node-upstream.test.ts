import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { Cancellation } from "../cancellation.ts";
import { PlatformError } from "../errors.ts";
import type { UpstreamRequest } from "../upstream.ts";
import { createNodeUpstream, type NodeUpstream } from "./node-upstream.ts";
import { readReplyBody } from "./test-call.ts";

const open: { close(): unknown }[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

describe("an upstream on node:http", () => {
  test.each(["http", "unix"] as const)("sends a request and reads the whole reply over %s", async (kind) => {
    const origin = await serve(async (request, response) => {
      const body = await readAll(request);
      response
        .setHeader("x-answer", "yes")
        .end(`${request.method} ${request.url} ${request.headers["x-key"]} ${body}`);
    }, kind);
    const reply = await upstreamTo(origin).send(toRequest({ headers: [["x-key", "k"]] }));
    expect([reply.status, reply.headers.get("x-answer"), reply.headers.get("nothing")]).toEqual([
      200,
      "yes",
      undefined,
    ]);
    expect(String(await readReplyBody(reply.body))).toBe("POST /path k ping");
  });

  test("keeps the connection for the next request, and replaces one that died meanwhile", async () => {
    let connections = 0;
    const origin = await serve((request, response) => {
      request.resume();
      response.end("x");
      response.on("close", () => setImmediate(() => request.socket.destroy()));
    });
    servers(origin).on("connection", () => {
      connections += 1;
    });
    const upstream = upstreamTo(origin);
    for (let turn = 0; turn < 3; turn += 1) {
      const reply = await upstream.send(toRequest());
      expect(String(await readReplyBody(reply.body))).toBe("x");
    }
    expect(connections).toBeGreaterThanOrEqual(1);
    upstream.close();
    await expect.poll(() => upstream.openConnections).toBe(0);
  });

  test("keeps what came before read, and delivers nothing while it is paused", async () => {
    const origin = await serve((_request, response) => {
      response.write("first");
      response.end("last");
    });
    const { body } = await upstreamTo(origin).send(toRequest());
    body.pause();
    let length = 0;
    const whole = readReplyBody(body, (chunk) => {
      length += chunk.byteLength;
    });
    await new Promise((resolve) => void setImmediate(resolve));
    expect(length).toBe(0);
    body.resume();
    expect(String(await whole)).toBe("firstlast");
  });

  test("fails a body that is cut, a refused connection, and a call beyond the cap", async () => {
    const origin = await serve((request, response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("half", () => request.socket.destroy());
    });
    const upstream = upstreamTo(origin, { maxConnections: 1 });
    const { body } = await upstream.send(toRequest());
    await expect(upstream.send(toRequest())).rejects.toMatchObject({ code: "overloaded" });
    await expect(readReplyBody(body)).rejects.toMatchObject({ code: "upstream_incomplete" });
    await expect(upstreamTo("http://127.0.0.1:1").send(toRequest())).rejects.toMatchObject({
      code: "upstream_error",
    });
  });

  test("ends with the reason of a cancellation before the call, before the head and in the body", async () => {
    const closed = Promise.withResolvers<void>();
    const origin = await serve((request, response) => {
      if (request.url === "/silent") response.on("close", () => closed.resolve());
      else response.write("begun");
    });
    const upstream = upstreamTo(origin);
    const reason = new PlatformError("client_cancelled", "The client left.");

    const early = new Cancellation();
    early.cancel(reason);
    await expect(upstream.send(toRequest({ cancellation: early }))).rejects.toBe(reason);

    const beforeHead = new Cancellation();
    const sent = upstream.send(toRequest({ cancellation: beforeHead, path: "/silent" }));
    await once(servers(origin), "request");
    beforeHead.cancel(reason);
    await expect(sent).rejects.toBe(reason);
    await closed.promise;

    const inBody = new Cancellation();
    const { body } = await upstream.send(toRequest({ cancellation: inBody }));
    await expect(readReplyBody(body, () => inBody.cancel(reason))).rejects.toBe(reason);
  });

  test("closes the connection when the body is cancelled, and tells the sink nothing more", async () => {
    const closed = Promise.withResolvers<void>();
    const origin = await serve((_request, response) => {
      response.write("begun");
      response.on("close", () => closed.resolve());
    });
    const { body } = await upstreamTo(origin).send(toRequest());
    const heard: string[] = [];
    body.read({
      data() {
        heard.push("data");
        body.cancel();
      },
      end: () => heard.push("end"),
      fail: () => heard.push("fail"),
    });
    await closed.promise;
    expect(heard).toEqual(["data"]);
  });
});

const byOrigin = new Map<string, Server>();

function servers(origin: string): Server {
  const server = byOrigin.get(origin);
  if (server === undefined) throw new Error(`no server at ${origin}`);
  return server;
}

async function serve(listener: RequestListener, kind: "http" | "unix" = "http"): Promise<string> {
  const server = createServer(listener);
  const folder = await mkdtemp(join(tmpdir(), "up-"));
  if (kind === "unix") server.listen(join(folder, "s"));
  else server.listen(0, "127.0.0.1");
  await once(server, "listening");
  open.push({
    close() {
      server.close();
      server.closeAllConnections();
      return rm(folder, { recursive: true, force: true });
    },
  });
  const address = server.address();
  const origin = typeof address === "string" ? `unix:${address}` : `http://127.0.0.1:${address?.port}`;
  byOrigin.set(origin, server);
  return origin;
}

function upstreamTo(...input: Parameters<typeof createNodeUpstream>): NodeUpstream {
  const upstream = createNodeUpstream(...input);
  open.push(upstream);
  return upstream;
}

function toRequest(changes: Partial<UpstreamRequest> = {}): UpstreamRequest {
  return {
    method: "POST",
    path: "/path",
    headers: [],
    body: new TextEncoder().encode("ping"),
    cancellation: new Cancellation(),
    ...changes,
  };
}

async function readAll(request: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return String(Buffer.concat(chunks));
}
