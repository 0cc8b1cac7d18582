import type { IncomingMessage, ServerResponse } from "node:http";
import { isJsonObject, type Json, type JsonObject, PlatformError, toPlatformError } from "@llm-platform/kit";
import { requirePermission } from "../../core/permissions.ts";
import { orderTargets } from "../../core/routes.ts";
import { estimateTokens } from "../../gateway/gateway-call.ts";
import { lookUpRoute, type ModelDirectory } from "../../gateway/model-directory.ts";
import { headerLine } from "../../wire/client-reply.ts";
import { newRequestId } from "../../wire/request-id.ts";
import { scanRequest } from "../../wire/request-scan.ts";
import { HttpReply } from "../http-reply.ts";
import type { InferenceParts, RequestHandler } from "../inference.ts";
import { readWholeBody } from "../read-body.ts";
import { refuse } from "../refusal.ts";
import { anthropicDialect } from "./dialect.ts";

export const countPath = "/v1/messages/count_tokens";

/** How long a platform may count. */
const countDeadlineMs = 10_000;

interface TokenCount {
  readonly inputTokens: number;
  /** Counted by the platform that would answer, or by a rule of thumb where that counts nothing beforehand. */
  readonly source: "counted" | "estimated";
}

/** `POST /v1/messages/count_tokens`: the tokens of a prompt, which nobody answers. */
export function createCountHandler(
  parts: InferenceParts & { readonly directory: ModelDirectory },
): RequestHandler {
  return (request, response) => {
    const id = newRequestId();
    const client = new HttpReply(response);
    answer(request, response, parts).then(
      ({ inputTokens, source }) => {
        const lines = {
          "content-type": "application/json",
          "x-request-id": id,
          "request-id": id,
          "x-llmp-token-count": source,
        };
        const text = Object.entries(lines)
          .map(([name, value]) => headerLine(name, value))
          .join("");
        client.send(200, text, Buffer.from(JSON.stringify({ input_tokens: inputTokens })));
      },
      (thrown: unknown) => {
        if (!request.complete) response.shouldKeepAlive = false;
        refuse(client, { id, error: toPlatformError(thrown), endpoint: { surface: anthropicDialect } });
      },
    );
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { authenticator, maxBodyBytes, directory }: InferenceParts & { readonly directory: ModelDirectory },
): Promise<TokenCount> {
  if (request.method !== "POST")
    throw new PlatformError(
      "method_not_allowed",
      `${request.method ?? "This method"} is not possible here. Use POST.`,
    );
  requirePermission(
    await authenticator.authenticate(request.headers, anthropicDialect.resource),
    "inference.call",
  );
  anthropicDialect.readHeaders?.(request.headers);
  const body = await readWholeBody(request, maxBodyBytes);
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  return count(body, directory, AbortSignal.any([gone.signal, AbortSignal.timeout(countDeadlineMs)]));
}

async function count(body: Buffer, directory: ModelDirectory, signal: AbortSignal): Promise<TokenCount> {
  const { model } = scanRequest(body);
  const [first] = orderTargets(lookUpRoute(directory, model), 0);
  const target = directory.snapshot.targets.get(first ?? "");
  const platform = target?.platform;
  if (
    target === undefined ||
    platform?.countTokens === undefined ||
    platform.dialectFor("chat") !== "anthropic"
  )
    return { inputTokens: estimateTokens(body), source: "estimated" };
  const inputTokens = await platform.countTokens({ ...parse(body), model: target.model }, signal);
  return { inputTokens, source: "counted" };
}

function parse(body: Buffer): JsonObject {
  const value: Json = JSON.parse(body.toString("utf8"));
  if (isJsonObject(value)) return value;
  throw new PlatformError("invalid_request", "The body is not a JSON object.");
}
