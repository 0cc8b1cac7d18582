import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import {
  Cancellation,
  fileHeaders,
  type FilePlace,
  type NetworkReach,
  PlatformError,
  type ReplyBody,
  type ReplyHeaders,
  toPlatformError,
  type Upstream,
} from "@llm-platform/kit";
import { createByteLimiter } from "./byte-limiter.ts";
import { dropBody } from "./drop-body.ts";
import { type BlockWriter, writeBlocks } from "./hash-window.ts";
import { storeBody } from "./store-body.ts";
import { waitingBody } from "./waiting-body.ts";
import { type TransferOrder, type TransferWord, toTransferFailure } from "./transfer-messages.ts";

/** Connections to one origin, whose reads may be transient. */
export type TransferUpstream = Pick<Upstream, "send"> & { stop(): void };

export interface TransferServiceParts {
  openUpstream(
    origin: string,
    network: NetworkReach | undefined,
    onHandshake: (session: string) => void,
  ): TransferUpstream;
  /** Never goes back. */
  monotonicMs(): number;
  tell(word: TransferWord): void;
}

type Order<Type extends TransferOrder["type"]> = Extract<TransferOrder, { readonly type: Type }>;

/** How far a transfer is, is told so often at most. What was written and is not told is fetched again when the process is killed. */
const tellEveryMs = 10;
const readBytes = 256 * 1024;
const noBody = Buffer.alloc(0);

/** The inside of the thread of transfers: does what it is told, and tells how that goes. */
export function createTransferService(parts: TransferServiceParts): (order: TransferOrder) => void {
  const { tell } = parts;
  const limiter = createByteLimiter(undefined, parts.monotonicMs);
  const upstreams = new Map<number, TransferUpstream>();
  const asked = new Map<number, Cancellation>();
  /** Bodies of which it is not known yet where they go. */
  const held = new Map<number, ReplyBody>();
  const storing = new Map<number, AbortController>();
  /** Through which files are hashed, by path. */
  const windows = new Map<string, BlockWriter>();

  async function ask({ server, transfer, path, headers }: Order<"ask">): Promise<void> {
    const cancellation = new Cancellation();
    asked.set(transfer, cancellation);
    try {
      const upstream = upstreams.get(server);
      if (upstream === undefined) throw noLongerOpen();
      const reply = await upstream.send({ method: "GET", path, headers, body: noBody, cancellation });
      held.set(transfer, waitingBody(reply.body));
      tell({ type: "head", transfer, status: reply.status, headers: toldHeaders(reply.headers) });
    } catch (error) {
      fail(transfer, error);
    } finally {
      asked.delete(transfer);
    }
  }

  async function store(transfer: number, body: ReplyBody, place: FilePlace): Promise<void> {
    const aborter = new AbortController();
    storing.set(transfer, aborter);
    const progress = createProgress(parts.monotonicMs, (position) =>
      tell({ type: "stored", transfer, position }),
    );
    try {
      const { signal } = aborter;
      const { monotonicMs } = parts;
      const blocks = windows.get(place.path);
      const end = await storeBody(body, place, {
        blocks,
        limiter,
        signal,
        monotonicMs,
        onStored: progress.note,
      });
      progress.end();
      tell({ type: "end", transfer, end });
    } catch (error) {
      progress.end();
      fail(transfer, error);
    } finally {
      storing.delete(transfer);
    }
  }

  /** The body is from then on whose it is given to. */
  function takeHeld(transfer: number): ReplyBody | undefined {
    const body = held.get(transfer);
    held.delete(transfer);
    return body;
  }

  function fail(transfer: number, error: unknown): void {
    tell({
      type: "fail",
      transfer,
      failure: toTransferFailure(toPlatformError(error, "The transfer failed.")),
    });
  }

  function cancel(transfer: number): void {
    asked.get(transfer)?.cancel(givenUp());
    takeHeld(transfer)?.cancel();
    storing.get(transfer)?.abort(givenUp());
  }

  return (order) => {
    switch (order.type) {
      case "open": {
        const { server, origin, network } = order;
        const onHandshake = (session: string): void => tell({ type: "handshake", server, session });
        upstreams.set(server, parts.openUpstream(origin, network, onHandshake));
        return;
      }
      case "close":
        upstreams.get(order.server)?.stop();
        upstreams.delete(order.server);
        return;
      case "ask":
        void ask(order);
        return;
      case "store": {
        const { transfer, place } = order;
        const body = takeHeld(transfer);
        if (body === undefined) fail(transfer, noLongerOpen());
        else void store(transfer, body, place);
        return;
      }
      case "copy":
        void store(order.transfer, openLocal(order.path, order.place), order.place);
        return;
      case "drop": {
        const body = takeHeld(order.transfer);
        if (body !== undefined) dropBody(body);
        return;
      }
      case "share":
        windows.set(order.path, writeBlocks(order.window));
        return;
      case "unshare":
        windows.get(order.path)?.close();
        windows.delete(order.path);
        return;
      case "cancel":
        cancel(order.transfer);
        return;
      default:
        limiter.setLimit(order.bytesPerSecond);
    }
  };
}

/** Tells of positions, the last of them always. */
function createProgress(monotonicMs: () => number, tell: (position: number) => void) {
  let timer: NodeJS.Timeout | undefined;
  let toldAtMs = Number.NEGATIVE_INFINITY;
  let position: number | undefined;
  function tellNow(): void {
    clearTimeout(timer);
    timer = undefined;
    if (position === undefined) return;
    toldAtMs = monotonicMs();
    tell(position);
    position = undefined;
  }
  return {
    note(reached: number): void {
      position = reached;
      if (timer !== undefined) return;
      const waitMs = toldAtMs + tellEveryMs - monotonicMs();
      if (waitMs <= 0) tellNow();
      else timer = setTimeout(tellNow, waitMs);
    },
    end: tellNow,
  };
}

function toldHeaders(headers: ReplyHeaders): ReadonlyMap<string, string> {
  const told = new Map<string, string>();
  for (const name of fileHeaders) {
    const value = headers.get(name);
    if (value !== undefined) told.set(name, value);
  }
  return told;
}

function openLocal(path: string, { from, until }: FilePlace): ReplyBody {
  const stream: Readable = createReadStream(path, { start: from, end: until - 1, highWaterMark: readBytes });
  return {
    read(sink) {
      stream.on("end", () => sink.end());
      stream.on("error", (cause) =>
        sink.fail(new PlatformError("upstream_incomplete", "The file could not be read on.", { cause })),
      );
      stream.on("data", (piece: Uint8Array) => sink.data(piece));
    },
    pause: () => void stream.pause(),
    resume: () => void stream.resume(),
    cancel: () => void stream.destroy(),
  };
}

function givenUp(): PlatformError {
  return new PlatformError("upstream_timeout", "The source of the file did not answer in time.", {
    isRetryable: true,
  });
}

function noLongerOpen(): PlatformError {
  return new PlatformError("unavailable", "The server of the file is no longer in use.", {
    isRetryable: true,
  });
}
