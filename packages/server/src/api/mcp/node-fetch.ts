import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { readWholeBody } from "../read-body.ts";

/** What was asked over node:http, as the Fetch standard has it. */
export interface FetchInput {
  readonly request: IncomingMessage;
  readonly maxBodyBytes: number;
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal;
}

/** Reads a request whole. Rejects with PlatformError as `readBody` does. */
export async function toFetchRequest({ request, maxBodyBytes, signal }: FetchInput): Promise<Request> {
  const { method = "GET", url = "/", headers } = request;
  const body = await readWholeBody(request, maxBodyBytes);
  const fields = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, Array.isArray(value) ? value.join(", ") : value] as [string, string]],
  );
  return new Request(`http://${headers.host ?? "localhost"}${url}`, {
    method,
    headers: fields,
    signal,
    ...(method === "GET" || method === "HEAD" ? {} : { body: new Uint8Array(body) }),
  });
}

/** Writes an answer, piece by piece as it comes, no faster than it is read. Resolves when it is written or the client has gone. */
export async function writeFetchResponse(
  answer: Response,
  response: ServerResponse,
  { requestId, signal }: { readonly requestId: string; readonly signal: AbortSignal },
): Promise<void> {
  response.writeHead(answer.status, { ...Object.fromEntries(answer.headers), "x-request-id": requestId });
  if (answer.body !== null) {
    for await (const chunk of answer.body) {
      if (signal.aborted) break;
      if (!response.write(chunk)) await Promise.race([once(response, "drain"), once(response, "close")]);
    }
  }
  response.end();
}
