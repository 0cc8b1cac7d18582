import { closeSync, openSync, writeSync } from "node:fs";
import { Cancellation } from "../cancellation.ts";
import type { ReplyBody } from "../dialect.ts";
import { PlatformError } from "../errors.ts";
import { type FileBody, fileHeaders, type FileServer, type StoredEnd, partHeaders } from "../file-part.ts";
import type { Upstream } from "../upstream.ts";

/** Files over an upstream of the fake host; what comes is written in this thread. */
export function createNodeFileServer(upstream: Upstream): FileServer {
  return {
    async ask(request, signal) {
      const cancellation = new Cancellation();
      const onAbort = (): void =>
        cancellation.cancel(new PlatformError("upstream_timeout", "It was given up."));
      signal.addEventListener("abort", onAbort, { once: true });
      if (signal.aborted) onAbort();
      try {
        const { status, headers, body } = await upstream.send({
          method: "GET",
          path: request.path,
          headers: partHeaders(request),
          body: Buffer.alloc(0),
          cancellation,
        });
        const told = new Map<string, string | undefined>(
          fileHeaders.map((name) => [name, headers.get(name)]),
        );
        return { status, headers: { get: (name) => told.get(name) }, body: toFileBody(body) };
      } finally {
        signal.removeEventListener("abort", onAbort);
      }
    },
  };
}

function toFileBody(body: ReplyBody): FileBody {
  return {
    drop: () => body.cancel(),
    store({ path, from, until }, onStored, signal) {
      const ended = Promise.withResolvers<StoredEnd>();
      const file = openSync(path, "r+");
      let position = from;
      const giveUp = (): void => {
        body.cancel();
        ended.reject(signal.reason);
      };
      signal.addEventListener("abort", giveUp, { once: true });
      body.read({
        data(piece) {
          const length = Math.min(piece.byteLength, until - position);
          position += writeSync(file, piece, 0, length, position);
          onStored(position);
          if (length === piece.byteLength) return;
          body.cancel();
          ended.resolve("long");
        },
        end: () => ended.resolve(position < until ? "short" : "whole"),
        fail: (error) => ended.reject(error),
      });
      return ended.promise.finally(() => {
        signal.removeEventListener("abort", giveUp);
        closeSync(file);
      });
    },
  };
}
