import type { IncomingMessage, ServerResponse } from "node:http";
import { PlatformError, toPlatformError } from "@llm-platform/kit";
import { statusOf } from "../../core/error-status.ts";
import { requirePermission } from "../../core/permissions.ts";
import type { ModelDirectory } from "../../gateway/model-directory.ts";
import type { Authenticator } from "../authenticate.ts";
import { errorHeaders, toOpenAiError } from "../error-envelope.ts";
import type { RequestHandler } from "../inference.ts";
import { type ListedModel, listModels, toListed } from "../listed-models.ts";
import { newRequestId } from "../../wire/request-id.ts";

export interface ModelsParts {
  readonly directory: ModelDirectory;
  readonly authenticator: Authenticator;
}

const prefix = "/v1/models/";

/** `GET /v1/models` and `GET /v1/models/{id}`: every name that `model` may be. */
export function createModelsHandler({ directory, authenticator }: ModelsParts): RequestHandler {
  const find = async (request: IncomingMessage): Promise<unknown> => {
    if (request.method !== "GET" && request.method !== "HEAD") {
      throw new PlatformError(
        "method_not_allowed",
        `${request.method ?? "This method"} is not possible here. Use GET.`,
      );
    }
    requirePermission(await authenticator.authenticate(request.headers, "/v1"), "models.read");
    const path = (request.url ?? "").split("?")[0] ?? "";
    if (path.startsWith(prefix)) return findModel(directory, path);
    return { object: "list", data: listModels(directory) };
  };
  return (request, response) => {
    const requestId = newRequestId();
    find(request).then(
      (value) => send(response, { status: 200, value, headers: { "x-request-id": requestId } }),
      (thrown: unknown) => {
        const error = toPlatformError(thrown);
        const allow = error.code === "method_not_allowed" ? { allow: "GET, HEAD" } : {};
        send(response, {
          status: statusOf(error.code),
          value: toOpenAiError(error, requestId),
          headers: { ...errorHeaders(error, requestId), ...allow },
        });
      },
    );
  };
}
function findModel(directory: ModelDirectory, path: string): ListedModel {
  const id = decodeName(path.slice(prefix.length));
  const listed = listModels(directory).find((model) => model.id === id);
  if (listed !== undefined) return listed;
  const model = directory.snapshot.models.find((each) => `${each.integration}/${each.id}` === id);
  if (model !== undefined) return toListed(id, model);
  throw new PlatformError(
    "model_not_found",
    "This model does not exist. GET /v1/models lists those that do.",
    { field: "model" },
  );
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
  readonly value: unknown;
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
