import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { createServer } from "node:net";
import { Cancellation, PlatformError, type ReplyBody } from "@llm-platform/kit";
import { createUpstreamPool } from "./upstream-pool.ts";

/** What a reader makes of a reply: a whole one, one that broke off, or no HTTP. */
export type Reading =
  | { readonly is: "whole"; readonly status: number; readonly body: string }
  | { readonly is: "cut" }
  | { readonly is: "malformed" };

/** A server that answers with any bytes, and the two readers of its replies. */
export interface ReplyReaders {
  /** node:http's own reader, llhttp, in its strict form: the oracle. */
  readByNode(pieces: readonly Buffer[]): Promise<Reading>;
  /** @param pieces of a reply, written one by one; then the connection ends */
  readByPool(pieces: readonly Buffer[]): Promise<Reading>;
  stop(): void;
}

/** Starts the server. It serves one reading at a time. */
export async function createReplyReaders(): Promise<ReplyReaders> {
  const served: { pieces: readonly Buffer[] } = { pieces: [] };
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.once("data", async () => {
      socket.setNoDelay(true);
      for (const piece of served.pieces) {
        socket.write(piece);
        await new Promise(setImmediate);
      }
      socket.end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the system gave no port");
  return {
    readByNode(pieces) {
      served.pieces = pieces;
      return readByNode(address.port);
    },
    readByPool(pieces) {
      served.pieces = pieces;
      return readByPool(address.port);
    },
    stop: () => void server.close(),
  };
}

/** It fails on bytes behind a reply, which makes the connection useless and not the reply. */
function readByNode(port: number): Promise<Reading> {
  return new Promise((resolve) => {
    let response: IncomingMessage | undefined;
    const chunks: Buffer[] = [];
    const finish = (error?: NodeJS.ErrnoException) => {
      const isWhole = response?.complete === true;
      // What is still held comes as a last "data".
      if (isWhole) response?.read();
      const body = Buffer.concat(chunks).toString("latin1");
      if (isWhole) resolve({ is: "whole", status: response?.statusCode ?? 0, body });
      else resolve({ is: error?.code?.startsWith("HPE_") === true ? "malformed" : "cut" });
    };
    const request = get({ port, host: "127.0.0.1", path: "/", agent: false }, (incoming) => {
      response = incoming;
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("error", finish);
      incoming.on("end", () => finish());
    });
    request.on("error", finish);
  });
}

async function readByPool(port: number): Promise<Reading> {
  const pool = createUpstreamPool(`http://127.0.0.1:${port}`);
  const cancellation = new Cancellation();
  try {
    const reply = await pool.send({
      method: "GET",
      path: "/",
      headers: [],
      body: Buffer.alloc(0),
      cancellation,
    });
    return { is: "whole", status: reply.status, body: await collect(reply.body) };
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    return { is: error.code === "upstream_malformed" ? "malformed" : "cut" };
  } finally {
    pool.stop();
  }
}

function collect(body: ReplyBody): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    body.read({
      data: (chunk) => {
        text += Buffer.from(chunk).toString("latin1");
      },
      end: () => resolve(text),
      fail: reject,
    });
  });
}
