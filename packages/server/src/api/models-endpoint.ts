import type { IncomingMessage, ServerResponse } from "node:http";
import { PlatformError, toPlatformError } from "@llm-platform/kit";
import { statusOf } from "../core/error-status.ts";
import { requirePermission } from "../core/permissions.ts";
import type { ModelDirectory } from "../gateway/model-directory.ts";
import { newRequestId } from "../wire/request-id.ts";
import type { Authenticator } from "./authenticate.ts";
import { errorHeaders } from "./error-envelope.ts";
import type { RequestHandler } from "./inference.ts";
import type { Mount } from "./listener.ts";
import { findModel, type ListedModel, listModels } from "./model-names.ts";

/** How one dialect writes the list of models. */
export interface ModelListFormat {
  formatList(models: readonly ListedModel[], query: URLSearchParams): object;
  formatModel(model: ListedModel): object;
  formatError(error: PlatformError, requestId: string): object;
}

export interface ModelsParts {
  readonly directory: ModelDirectory;
  readonly authenticator: Authenticator;
  /** Several dialects have the list at one path: the headers say which is meant. */
  readonly modelFormatOf: (headers: IncomingMessage["headers"]) => ModelListFormat;
}

const path = "/v1/models";
const prefix = `${path}/`;

/** `GET /v1/models` and `GET /v1/models/{id}`: every name that `model` may be. */
export function createModelsMount(parts: ModelsParts) {
  const handler = createHandler(parts);
  return {
    routes: [
      { method: "GET", path, access: "models.read" },
      { method: "GET", path: `${prefix}{id}`, access: "models.read" },
    ],
    paths: new Map([[path, handler]]),
    prefixes: new Map([[prefix, handler]]),
  } as const satisfies Mount;
}

function createHandler({ directory, authenticator, modelFormatOf }: ModelsParts): RequestHandler {
  const find = async (request: IncomingMessage, format: ModelListFormat): Promise<object> => {
    if (request.method !== "GET" && request.method !== "HEAD") {
      throw new PlatformError(
        "method_not_allowed",
        `${request.method ?? "This method"} is not possible here. Use GET.`,
      );
    }
    requirePermission(await authenticator.authenticate(request.headers, "/v1"), "models.read");
    const [place = "", query = ""] = (request.url ?? "").split("?");
    return place.startsWith(prefix)
      ? format.formatModel(await findModel(directory, decodeName(place.slice(prefix.length))))
      : format.formatList(await listModels(directory), new URLSearchParams(query));
  };
  return (request, response) => {
    const requestId = newRequestId();
    const format = modelFormatOf(request.headers);
    find(request, format).then(
      (value) => send(response, { status: 200, value, headers: { "x-request-id": requestId } }),
      (thrown: unknown) => {
        const error = toPlatformError(thrown);
        const allow = error.code === "method_not_allowed" ? { allow: "GET, HEAD" } : {};
        send(response, {
          status: statusOf(error.code),
          value: format.formatError(error, requestId),
          headers: { ...errorHeaders(error, requestId), ...allow },
        });
      },
    );
  };
}

function decodeName(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    throw new PlatformError("invalid_request", "The model's name is not valid percent-encoding.", {
      field: "model",
      cause: error,
    });
  }
}

interface Answer {
  readonly status: number;
  readonly value: object;
  readonly headers: Record<string, string>;
}

function send(response: ServerResponse, { status, value, headers }: Answer): void {
  const body = JSON.stringify(value);
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    ...headers,
  });
  response.end(body);
}
