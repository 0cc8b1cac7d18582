import type { ServerResponse } from "node:http";
import type { RequestHandler } from "./inference.ts";
import { isRead } from "./answer.ts";
import type { Mount } from "./listener.ts";

export interface ProbeParts {
  /** Why the server takes no calls now, or undefined when it does. Integrations have no say in it. */
  unreadiness(): string | undefined;
}

/** `/livez` says that the event loop turns, `/readyz` that calls are taken; both need no key and tell nothing else. */
export function createProbeMount({ unreadiness }: ProbeParts): Mount {
  const live: RequestHandler = (request, response) => {
    if (isRead(request, response)) sendText(response, 200, "ok");
  };
  const ready: RequestHandler = (request, response) => {
    if (!isRead(request, response)) return;
    const reason = unreadiness();
    sendText(response, reason === undefined ? 200 : 503, reason ?? "ok");
  };
  const paths = new Map([
    ["/livez", live],
    ["/healthz", ready],
    ["/readyz", ready],
  ]);
  return {
    routes: [...paths.keys()].map((path) => ({ method: "GET", path, access: "public" })),
    paths,
  };
}

function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {
    "content-type": "text/plain; charset=utf-8",
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-store",
  });
  response.end(text);
}
