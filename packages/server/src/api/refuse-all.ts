import type { PlatformError } from "@llm-platform/kit";
import { statusOf } from "../core/error-status.ts";
import { newRequestId } from "../wire/request-id.ts";
import { answer } from "./answer.ts";
import { errorHeaders, toProblemDetails } from "./error-envelope.ts";
import type { RequestHandler } from "./inference.ts";
import type { Mount } from "./listener.ts";

/** Refuses whatever nothing else is mounted for. */
export function createRefusalMount(toError: () => PlatformError): Mount {
  return {
    routes: [{ method: "GET", path: "/", access: "public" }],
    paths: new Map(),
    prefixes: new Map([["/", createRefusal(toError)]]),
  };
}

/** Answers every request with an error, in the form that its kind of path has for errors. */
export function createRefusal(toError: () => PlatformError): RequestHandler {
  return (request, response) => {
    const error = toError();
    if (!/^\/(?:api|integrations)(?:\/|$)/.test(request.url ?? "")) {
      answer(response, error);
      return;
    }
    const requestId = newRequestId();
    const body = JSON.stringify(toProblemDetails(error, requestId));
    response.writeHead(statusOf(error.code), {
      ...errorHeaders(error, requestId),
      "content-type": "application/problem+json",
      "content-length": Buffer.byteLength(body),
      connection: "close",
    });
    response.end(body);
  };
}
