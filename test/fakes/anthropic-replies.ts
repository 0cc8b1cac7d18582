import { type Pace, readModelName, stableId } from "./answer.ts";
import { answerMessages, anthropicJsonHeaders } from "./anthropic-messages.ts";
import { countPrompt } from "./anthropic-question.ts";
import type { ReceivedRequest } from "./http-exchange.ts";
import { isObject, type JsonObject, numberOf, parseJson } from "./json-read.ts";
import { type Reply, wholeReply } from "./reply.ts";
import { anthropicVoice } from "./voice.ts";

/** What a fake of Anthropic's API is made of. */
export type AnthropicFake = {
  readonly models: readonly string[];
  /** Asked for as `x-api-key`. */
  readonly apiKey: string | undefined;
  readonly pace: Pace;
};

const versions = ["2023-06-01", "2026-10-21"];
const createdAt = "2025-11-23T06:00:00Z";

function refuse(status: number, message: string): Reply {
  return wholeReply(status, anthropicJsonHeaders, anthropicVoice.errorText(status, message));
}

function json(value: unknown): Reply {
  return wholeReply(200, anthropicJsonHeaders, JSON.stringify(value));
}

function listModels({ models }: AnthropicFake, query: URLSearchParams): Reply {
  const after = query.get("after_id");
  const limit = Number(query.get("limit") ?? 20);
  const rest = after === null ? models : models.slice(models.indexOf(after) + 1);
  const page = rest.slice(0, limit);
  return json({
    data: page.map((id) => ({
      type: "model",
      id,
      display_name: id,
      created_at: createdAt,
      max_input_tokens: 200_000,
    })),
    has_more: page.length < rest.length,
    first_id: page[0] ?? null,
    last_id: page.at(-1) ?? null,
  });
}

/** The body of a request about a model that is there, or what is wrong with it. */
function readBody(fake: AnthropicFake, request: ReceivedRequest): JsonObject | Reply {
  const parsed = parseJson(request.bodyText);
  if (parsed === undefined || !isObject(parsed.value))
    return refuse(400, "The request body is not valid JSON.");
  const body = parsed.value;
  if (typeof body.model !== "string") return refuse(400, "model: Field required");
  if (!fake.models.includes(readModelName(body.model, fake.pace).model))
    return refuse(404, `model: ${body.model}`);
  return Array.isArray(body.messages) ? body : refuse(400, "messages: Field required");
}

function isReply(value: JsonObject | Reply): value is Reply {
  return "framing" in value;
}

/** Answers a request as Anthropic's API would. */
export function answerAnthropic(fake: AnthropicFake, request: ReceivedRequest): Reply {
  const { method, path } = request;
  if (
    request.header("x-api-key") === undefined ||
    (fake.apiKey ?? request.header("x-api-key")) !== request.header("x-api-key")
  )
    return refuse(401, "invalid x-api-key");
  if (!versions.includes(request.header("anthropic-version") ?? ""))
    return refuse(400, "anthropic-version: header is required");
  if (method === "GET" && path === "/v1/models")
    return listModels(fake, new URLSearchParams(request.target.split("?")[1]));
  if (method !== "POST" || !path.startsWith("/v1/messages")) return refuse(404, "Not Found");
  const body = readBody(fake, request);
  if (isReply(body)) return body;
  if (path === "/v1/messages/count_tokens") return json({ input_tokens: countPrompt(body) });
  if (path !== "/v1/messages") return refuse(404, "Not Found");
  if ((numberOf(body.max_tokens) ?? 0) < 1) return refuse(400, "max_tokens: Field required");
  return answerMessages(body, stableId(22, request.bodyText), fake.pace);
}
