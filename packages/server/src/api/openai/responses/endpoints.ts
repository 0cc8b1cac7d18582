import type { IncomingMessage, ServerResponse } from "node:http";
import { type JsonObject, PlatformError, toPlatformError } from "@llm-platform/kit";
import { z } from "zod";
import type { HttpRoute } from "../../../core/http-route.ts";
import { requirePermission } from "../../../core/permissions.ts";
import type { Principal } from "../../../core/principal.ts";
import type { StoredResponse } from "../../../core/stored-response.ts";
import { parseFields } from "../../../gateway/dialects/parse-fields.ts";
import { newRequestId } from "../../../wire/request-id.ts";
import { HttpReply } from "../../http-reply.ts";
import { type RequestHandler, toForwardedFor } from "../../inference.ts";
import { toTraceparent } from "../../traceparent.ts";
import type { Mount } from "../../listener.ts";
import { readWholeBody } from "../../read-body.ts";
import { refuse } from "../../refusal.ts";
import { openAiDialect } from "../dialect.ts";
import { createResponse, type CreateResponseParts, ownerOf } from "./create-response.ts";
import { itemsOf, toListedItem } from "./response-input.ts";

const path = "/v1/responses";
const access = "inference.call";

const routes: readonly HttpRoute[] = [
  { method: "POST", path, access },
  { method: "GET", path: `${path}/{id}`, access },
  { method: "DELETE", path: `${path}/{id}`, access },
  { method: "GET", path: `${path}/{id}/input_items`, access },
  { method: "POST", path: `${path}/{id}/cancel`, access },
];

/** The Responses API: making one, and coming back to those that were kept. */
export function createResponsesMount(parts: CreateResponseParts): Mount {
  const handler: RequestHandler = (request, response, peer) => void serve(parts, { request, response, peer });
  return { routes, paths: new Map([[path, handler]]), prefixes: new Map([[`${path}/`, handler]]) };
}

interface Asked {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly peer: string;
}

async function serve(parts: CreateResponseParts, asked: Asked): Promise<void> {
  const { request, response } = asked;
  const requestId = newRequestId();
  const client = new HttpReply(response);
  try {
    const principal = await parts.authenticator.authenticate(request.headers, "/v1");
    requirePermission(principal, access);
    const url = new URL(request.url ?? "", "http://any");
    if (url.pathname === path) {
      await serveCreation(parts, asked, { requestId, principal, client });
      return;
    }
    const value = await serveKept(parts, { request, url, owner: ownerOf(principal) });
    const lines = `x-request-id: ${requestId}\r\ncontent-type: application/json\r\n`;
    client.send(200, lines, Buffer.from(JSON.stringify(value)));
  } catch (thrown) {
    const error = toPlatformError(thrown);
    if (error.code === "internal") parts.log.error("inference.failed", { request_id: requestId, error });
    // Where the body of such a request ends is not known.
    if (!request.complete) response.shouldKeepAlive = false;
    const allow = allowedAt(request.url ?? "");
    refuse(client, { id: requestId, error, endpoint: { surface: openAiDialect }, allow });
  }
}

async function serveCreation(
  parts: CreateResponseParts,
  { request, peer }: Asked,
  call: { readonly requestId: string; readonly principal: Principal; readonly client: HttpReply },
): Promise<void> {
  if (request.method !== "POST") throw notPossible(request.method);
  const body = await readWholeBody(request, parts.maxBodyBytes);
  await createResponse(parts, {
    ...call,
    address: parts.readAddress?.(peer, toForwardedFor(request.headers["x-forwarded-for"])),
    traceparent: toTraceparent(request.headers["traceparent"]),
    body,
  });
}

interface KeptRequest {
  readonly request: IncomingMessage;
  readonly url: URL;
  readonly owner: string;
}

/** Answers what is asked about a response that was kept. Rejects with PlatformError. */
async function serveKept(
  { responses }: Pick<CreateResponseParts, "responses">,
  { request, url, owner }: KeptRequest,
): Promise<JsonObject> {
  const [id = "", ...rest] = url.pathname.slice(path.length + 1).split("/");
  switch (`${request.method ?? ""} ${rest.join("/")}`.trimEnd()) {
    case "GET":
    case "HEAD":
      return (await findKept(responses, owner, id)).response;
    case "DELETE":
      if (!(await responses.delete(owner, id))) throw notKept();
      return { id, object: "response", deleted: true };
    case "GET input_items": {
      await findKept(responses, owner, id);
      return listItems(await responses.conversation(owner, id), url);
    }
    case "POST cancel":
      await findKept(responses, owner, id);
      throw new PlatformError(
        "invalid_request",
        "The response is complete: each is made while its caller waits. End its connection to cancel one.",
      );
    default:
      throw rest.length === 0 ? notPossible(request.method) : notKept();
  }
}

async function findKept(
  responses: CreateResponseParts["responses"],
  owner: string,
  id: string,
): Promise<StoredResponse> {
  const stored = await responses.find(owner, id);
  if (stored === undefined) throw notKept();
  return stored;
}

const listQuery = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  order: z.enum(["asc", "desc"]).default("desc"),
  after: z.string().max(128).optional(),
});

/** What a response was asked, with the conversation before it, a page at a time. */
function listItems(turns: readonly StoredResponse[], { searchParams }: URL): JsonObject {
  const { limit, order, after } = parseFields(listQuery, Object.fromEntries(searchParams));
  const last = turns.at(-1);
  const items = [...turns.slice(0, -1).flatMap(itemsOf), ...(last?.input ?? [])];
  const ordered = order === "asc" ? items : items.toReversed();
  const from = after === undefined ? 0 : ordered.findIndex(({ id }) => id === after) + 1;
  const page = ordered.slice(from, from + limit).map(toListedItem);
  return {
    object: "list",
    data: page,
    first_id: page[0]?.id ?? "",
    last_id: page.at(-1)?.id ?? "",
    has_more: from + limit < ordered.length,
  };
}

/** The methods of a path. */
function allowedAt(url: string): string {
  const rest = new URL(url, "http://any").pathname.slice(path.length + 1);
  if (rest === "" || rest.endsWith("/cancel")) return "POST";
  return rest.endsWith("/input_items") ? "GET, HEAD" : "GET, HEAD, DELETE";
}

function notKept(): PlatformError {
  return new PlatformError(
    "not_found",
    "There is no such response, or none any more. Those made with `store: false` are not kept.",
  );
}

function notPossible(method: string | undefined): PlatformError {
  return new PlatformError("method_not_allowed", `${method ?? "This method"} is not possible here.`);
}
