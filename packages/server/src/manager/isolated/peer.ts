import { type ErrorCode, errorCodes, PlatformError, type Problem } from "@llm-platform/kit";
import { findPlatformError } from "../failure.ts";

/** What goes between the platform and the process of an integration. `id` 0 wants no answer. */
export type WireMessage =
  | { readonly type: "call"; readonly id: number; readonly method: string; readonly args: readonly unknown[] }
  | { readonly type: "abort"; readonly id: number }
  | { readonly type: "done"; readonly id: number; readonly value: unknown }
  | { readonly type: "failed"; readonly id: number; readonly error: WireError };

/** An error on the wire. Without a code it was not a PlatformError. */
export interface WireError {
  readonly code: ErrorCode | undefined;
  readonly message: string;
  readonly problems: readonly Problem[];
}

export type Handler = (args: readonly unknown[], signal: AbortSignal) => unknown;

export interface PeerInput {
  send(message: WireMessage): void;
  readonly handlers: Readonly<Record<string, Handler>>;
}

/** One end of a line over which both ends call each other. */
export interface Peer {
  /** Resolves with what the other end answers; an abort of `signal` reaches the handler there. */
  call(method: string, args: readonly unknown[], signal?: AbortSignal): Promise<unknown>;
  /** Calls and wants no answer. */
  notify(method: string, ...args: readonly unknown[]): void;
  /** Takes in what the other end sent. Anything that is not a message is ignored. */
  receive(message: unknown): void;
  /** The line is cut: every open call rejects with `error`, and so does every later one. */
  close(error: PlatformError): void;
}

interface OpenCall {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

export function createPeer({ send, handlers }: PeerInput): Peer {
  const openCalls = new Map<number, OpenCall>();
  const beingHandled = new Map<number, AbortController>();
  let lastId = 0;
  let closedBy: PlatformError | undefined;

  async function handle(id: number, method: string, args: readonly unknown[]): Promise<void> {
    const controller = new AbortController();
    beingHandled.set(id, controller);
    try {
      const handler = handlers[method];
      if (handler === undefined) throw new PlatformError("internal", `There is no method ${method}.`);
      const value = await handler(args, controller.signal);
      if (id !== 0) answer({ type: "done", id, value });
    } catch (error) {
      if (id !== 0) answer({ type: "failed", id, error: encodeError(error) });
    } finally {
      beingHandled.delete(id);
    }
  }

  function answer(message: WireMessage): void {
    if (closedBy === undefined) send(message);
  }

  return {
    call(method, args, signal) {
      if (closedBy !== undefined) return Promise.reject(closedBy);
      lastId += 1;
      const id = lastId;
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      openCalls.set(id, { resolve, reject });
      const onAbort = (): void => answer({ type: "abort", id });
      send({ type: "call", id, method, args });
      if (signal?.aborted === true) onAbort();
      else signal?.addEventListener("abort", onAbort, { once: true });
      return promise.finally(() => signal?.removeEventListener("abort", onAbort));
    },
    notify(method, ...args) {
      answer({ type: "call", id: 0, method, args });
    },
    receive(message) {
      if (!isWireMessage(message)) return;
      const open = openCalls.get(message.id);
      switch (message.type) {
        case "call":
          void handle(message.id, message.method, message.args);
          return;
        case "abort":
          beingHandled
            .get(message.id)
            ?.abort(new PlatformError("client_cancelled", "The call was given up."));
          return;
        case "done":
          openCalls.delete(message.id);
          open?.resolve(message.value);
          return;
        case "failed":
          openCalls.delete(message.id);
          open?.reject(decodeError(message.error));
          return;
      }
    },
    close(error) {
      closedBy ??= error;
      for (const { reject } of openCalls.values()) reject(error);
      openCalls.clear();
      for (const controller of beingHandled.values()) controller.abort(error);
    },
  };
}

function encodeError(error: unknown): WireError {
  const known = findPlatformError(error);
  if (known !== undefined) return { code: known.code, message: known.message, problems: known.problems };
  return { code: undefined, message: error instanceof Error ? error.message : String(error), problems: [] };
}

function decodeError({ code, message, problems }: WireError): Error {
  const known = errorCodes.find((one) => one === code);
  return known === undefined ? new Error(message) : new PlatformError(known, message, { problems });
}

function isWireMessage(message: unknown): message is WireMessage {
  if (typeof message !== "object" || message === null || !("type" in message) || !("id" in message))
    return false;
  if (typeof message.id !== "number") return false;
  switch (message.type) {
    case "call":
      return (
        "method" in message &&
        typeof message.method === "string" &&
        "args" in message &&
        Array.isArray(message.args)
      );
    case "failed":
      return "error" in message && typeof message.error === "object" && message.error !== null;
    default:
      return message.type === "abort" || message.type === "done";
  }
}
