import {
  type Codec,
  countAt,
  type IntegrationContext,
  type ModelPlatform,
  PlatformError,
  type UpstreamRequest,
} from "@llm-platform/kit";
import { type ControlClient, expectObject } from "../control-client.ts";
import { toRequestHeaders } from "../request-headers.ts";
import type { ServerAddress } from "../server-address.ts";
import { type AnthropicSettings, toKeyHeaders } from "./settings.ts";

interface AnthropicPlatformParts {
  readonly context: IntegrationContext<AnthropicSettings>;
  readonly client: ControlClient;
  readonly address: ServerAddress;
  readonly codec: Codec;
  readonly list: ModelPlatform["list"];
}

/** The models of one server of the Messages API. */
export function createAnthropicPlatform({
  context,
  client,
  address: { origin, prefix },
  codec,
  list,
}: AnthropicPlatformParts): ModelPlatform {
  const { settings } = context;
  const limits = settings.max_connections === undefined ? {} : { maxConnections: settings.max_connections };
  const upstream = context.upstream(origin, limits);
  const headers = toRequestHeaders({
    accept: "application/json, text/event-stream",
    extra: toKeyHeaders(settings),
  });
  return {
    provider: "anthropic",
    dialectFor: (operation) => (operation === "chat" ? "anthropic" : undefined),
    codec,
    list,
    send: (call) =>
      upstream.send({
        method: "POST",
        path: `${prefix}/v1/messages`,
        headers: withDialectHeaders(headers, call.dialectHeaders ?? []),
        traceparent: call.traceparent,
        body: call.body,
        cancellation: call.cancellation,
        dialect: "anthropic",
      }),
    async countTokens(body, signal) {
      const answer = await client.ask({ path: `${prefix}/v1/messages/count_tokens`, body, signal });
      const count = countAt(expectObject(answer, "the count of a prompt's tokens"), "input_tokens");
      if (count !== undefined) return count;
      throw new PlatformError("upstream_malformed", "The server gave no count of tokens.");
    },
  };
}

type HeaderLines = UpstreamRequest["headers"];

/** A client that speaks the dialect says itself which version its body is of. */
function withDialectHeaders(lines: HeaderLines, own: HeaderLines): HeaderLines {
  return own.length === 0
    ? lines
    : [...lines.filter(([name]) => !own.some(([replaced]) => replaced === name)), ...own];
}
