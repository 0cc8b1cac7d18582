import type { IncomingMessage, ServerResponse } from "node:http";
import { PlatformError } from "@llm-platform/kit";
import { statusOf } from "../core/error-status.ts";
import { newRequestId } from "../wire/request-id.ts";
import { errorHeaders, toOpenAiError, toProblemDetails } from "./error-envelope.ts";

/** Whether a request only reads. One that does not is answered here: 405, with what is possible. */
export function isRead(request: IncomingMessage, response: ServerResponse): boolean {
  if (request.method === "GET" || request.method === "HEAD") return true;
  response.setHeader("allow", "GET, HEAD");
  answer(response, new PlatformError("method_not_allowed", "This method is not possible here. Use GET."));
  return false;
}

/** Answers in OpenAI's envelope, which clients of every surface can read. */
export function answer(response: ServerResponse, error: PlatformError, status = statusOf(error.code)): void {
  if (response.headersSent || response.destroyed) return;
  const requestId = newRequestId();
  const body = JSON.stringify(toOpenAiError(error, requestId));
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    connection: "close",
    ...errorHeaders(error, requestId),
  });
  response.end(body);
}

/** Answers as the management API does, in problem details. The connection stays. */
export function answerProblem(response: ServerResponse, error: PlatformError): void {
  if (response.headersSent || response.destroyed) return;
  const requestId = newRequestId();
  const body = JSON.stringify(toProblemDetails(error, requestId));
  response.writeHead(statusOf(error.code), {
    ...errorHeaders(error, requestId),
    "content-type": "application/problem+json",
    "content-length": Buffer.byteLength(body),
  });
  response.end(body);
}

/** An answer on a bare connection, for what never became a request; the connection ends with it. */
export function formatBareAnswer(error: PlatformError, status: string): string {
  const requestId = newRequestId();
  const body = JSON.stringify(toOpenAiError(error, requestId));
  return `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: application/json\r\nx-request-id: ${requestId}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}
