import { PlatformError } from "@llm-platform/kit";
import { statusOf } from "../core/error-status.ts";
import type { HttpRoute } from "../core/http-route.ts";
import { newRequestId } from "../wire/request-id.ts";
import { answer } from "./answer.ts";
import { errorHeaders, toProblemDetails } from "./error-envelope.ts";
import type { RequestHandler } from "./inference.ts";
import type { Mount } from "./listener.ts";

export interface SealedParts {
  /** What every other caller is told. */
  readonly message: string;
  /** Answers below `/api/v1/secrets/`. */
  readonly secrets: { readonly routes: readonly HttpRoute[]; readonly handler: RequestHandler };
}

/** What the port serves while a master key is missing: the operations that help, and a refusal for everything else. */
export function createSealedMount({ message, secrets }: SealedParts): Mount {
  const refuse: RequestHandler = (request, response) => {
    const error = new PlatformError("sealed", message);
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
  return {
    routes: secrets.routes,
    paths: new Map(),
    prefixes: new Map([
      ["/api/v1/secrets/", secrets.handler],
      ["/", refuse],
    ]),
  };
}
