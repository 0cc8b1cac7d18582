import { type IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { PlatformError } from "@llm-platform/kit";
import { answer } from "./answer.ts";

/** A request that wants to go on as a WebSocket (RFC 6455 section 4.1). The connection is the handler's from then on. */
export interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Socket;
  /** What the client has sent behind the request already. */
  readonly head: Buffer;
  /** Address of the connection's other end, for `ReadAddress` and `ReadCaller`. */
  readonly peer: string;
}

/** Takes an upgrade over, or answers it with `refuseUpgrade`. Does not throw. */
export type UpgradeHandler = (upgrade: Upgrade) => void;

/** Whether a request asks for the WebSocket protocol; other upgrades are not heeded, as RFC 9110 section 7.8 allows. */
export function isWebSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === "websocket";
}

/** Answers an upgrade with an error; the connection ends with it. */
export function refuseUpgrade({ request, socket }: Upgrade, error: PlatformError): void {
  // Nobody else hears of a connection that breaks now.
  socket.on("error", () => socket.destroy());
  const response = new ServerResponse(request);
  response.assignSocket(socket);
  response.once("finish", () => {
    response.detachSocket(socket);
    socket.destroySoon();
  });
  answer(response, error);
}
