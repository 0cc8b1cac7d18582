import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { HubContents } from "./hub-contents.ts";
import type { HubFault, HubRequest } from "./hub-fault.ts";

export type Sending = {
  readonly contents: HubContents;
  readonly etag: string;
  readonly fault: HubFault | undefined;
  readonly entry: HubRequest;
  /** For one answer; undefined for as fast as it goes. */
  readonly bytesPerSecond: number | undefined;
};

const pieceBytes = 64 * 1024;

/** The bytes that a request asks for, `until` not included. */
export function wantedRange(
  request: IncomingMessage,
  sizeBytes: number,
): { from: number; until: number } | undefined {
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
  if (range === null) return undefined;
  const until = range[2] === "" ? sizeBytes : Math.min(sizeBytes, Number(range[2]) + 1);
  return { from: Number(range[1]), until };
}

/** Sends contents, or the part of them that was asked for, with what is to go wrong. */
export async function sendContents(
  request: IncomingMessage,
  response: ServerResponse,
  sending: Sending,
): Promise<void> {
  const { contents, etag, fault, entry } = sending;
  const { sizeBytes } = contents;
  if (fault?.kind === "status") {
    const wait =
      fault.retryAfterSeconds === undefined ? {} : { "retry-after": String(fault.retryAfterSeconds) };
    entry.status = fault.status;
    response.writeHead(fault.status, wait).end("{}");
    return;
  }
  const part = fault?.kind === "no-parts" ? undefined : wantedRange(request, sizeBytes);
  const { from, until } = part ?? { from: 0, until: sizeBytes };
  if (part !== undefined && from >= sizeBytes) {
    response.writeHead(416, { "content-range": `bytes */${sizeBytes}` }).end();
    return;
  }
  entry.status = part === undefined ? 200 : 206;
  response.writeHead(entry.status, {
    etag,
    "accept-ranges": fault?.kind === "no-parts" ? "none" : "bytes",
    "content-length": until - from,
    "content-type": "application/octet-stream",
    ...(part === undefined ? {} : { "content-range": `bytes ${from}-${until - 1}/${sizeBytes}` }),
  });
  if (request.method === "HEAD") {
    response.end();
    return;
  }
  await sendBytes(response, { from, until }, sending);
}

async function sendBytes(
  response: ServerResponse,
  { from, until }: { readonly from: number; readonly until: number },
  { contents, fault, entry, bytesPerSecond }: Sending,
): Promise<void> {
  const end = fault?.kind === "cut" ? Math.min(until, from + fault.afterBytes) : until;
  const startedAtMs = performance.now();
  for (let at = from; at < end && !response.destroyed; ) {
    let bytes = contents.read(at, Math.min(end, at + pieceBytes));
    if (fault?.kind === "wrong-byte" && at === from) {
      bytes = Buffer.from(bytes);
      bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 0xff, bytes.length - 1);
    }
    at += bytes.length;
    entry.sentUntil = at;
    if (!response.write(bytes)) await drainedOrClosed(response);
    if (bytesPerSecond !== undefined) {
      const aheadMs = ((at - from) * 1_000) / bytesPerSecond - (performance.now() - startedAtMs);
      if (aheadMs > 1) await sleep(aheadMs);
    }
  }
  // The answer itself has no connection yet while the one before it is being ended.
  if (end < until) response.req.socket.resetAndDestroy();
  else response.end();
}

function drainedOrClosed(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off("drain", done);
      response.off("close", done);
      resolve();
    };
    response.on("drain", done);
    response.on("close", done);
  });
}
