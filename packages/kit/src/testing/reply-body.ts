import type { IncomingMessage } from "node:http";
import type { Cancellation } from "../cancellation.ts";
import type { ByteSink, ReplyBody, ReplyHeaders } from "../dialect.ts";
import { PlatformError } from "../errors.ts";

/** The body of a node:http answer under the kit's contract: one sink, back-pressure, one end. */
export function createReplyBody(message: IncomingMessage, cancellation: Cancellation): ReplyBody {
  let sink: ByteSink | undefined;
  let isOver = false;
  let failure: PlatformError | undefined;

  function finish(error?: PlatformError): void {
    if (isOver) return;
    isOver = true;
    failure = error;
    cancellation.offCancel(onCancelled);
    if (error === undefined) sink?.end();
    else sink?.fail(error);
  }
  function onCancelled(reason: PlatformError): void {
    finish(reason);
    message.destroy();
  }

  message.on("end", () => finish());
  message.on("error", (error) => finish(incomplete(error)));
  message.on("close", () => finish(incomplete(undefined)));
  cancellation.onCancel(onCancelled);

  return {
    read(receiver) {
      if (sink !== undefined) throw new PlatformError("internal", "The body of a reply was read twice.");
      sink = receiver;
      if (failure !== undefined) receiver.fail(failure);
      if (isOver) return;
      message.on("data", (chunk: Buffer) => {
        if (!isOver) receiver.data(chunk);
      });
    },
    pause: () => void message.pause(),
    resume: () => void message.resume(),
    cancel() {
      if (isOver) return;
      isOver = true;
      cancellation.offCancel(onCancelled);
      message.destroy();
    },
  };
}

/** Headers of a node:http answer; a repeated one is joined with commas. */
export function createReplyHeaders(message: IncomingMessage): ReplyHeaders {
  return {
    get(name) {
      const value = message.headers[name];
      return Array.isArray(value) ? value.join(", ") : value;
    },
  };
}

function incomplete(cause: unknown): PlatformError {
  return new PlatformError(
    "upstream_incomplete",
    "The upstream closed the connection in the middle of its reply.",
    {
      cause,
    },
  );
}
