import type {
  Call,
  IntegrationContext,
  ModelPlatform,
  Operation,
  Reply,
  UpstreamReply,
} from "@llm-platform/kit";
import { createRequestHeaders } from "../request-headers.ts";
import type { Profile } from "./profiles.ts";
import type { OpenAiCompatibleSettings } from "./settings.ts";

interface OpenAiPlatformParts {
  readonly context: IntegrationContext<OpenAiCompatibleSettings>;
  readonly origin: string;
  readonly apiPrefix: string;
  readonly profile: Profile;
  readonly list: ModelPlatform["list"];
}

/** The models of one server. A call goes through as the bytes that it is: nothing is parsed here. */
export function createOpenAiPlatform({
  context,
  origin,
  apiPrefix,
  profile,
  list,
}: OpenAiPlatformParts): ModelPlatform {
  const { settings } = context;
  const limits = settings.max_connections === undefined ? {} : { maxConnections: settings.max_connections };
  const upstream = context.upstream(origin, limits);
  const headersOf = createRequestHeaders({
    accept: "application/json, text/event-stream",
    apiKey: settings.api_key,
    extra: settings.headers,
  });
  const paths: Readonly<Record<Operation, string>> = {
    chat: `${apiPrefix}/chat/completions`,
    completion: `${apiPrefix}/completions`,
    embedding: `${apiPrefix}/embeddings`,
  };

  function send(call: Call): Promise<Reply> {
    return upstream
      .send({
        method: "POST",
        path: paths[call.operation],
        headers: headersOf(call),
        body: call.body,
        cancellation: call.cancellation,
      })
      .then(toReply);
  }

  return {
    provider: profile.provider,
    dialectFor: () => "openai",
    reportsStreamUsage: settings.stream_usage,
    list,
    send,
  };
}

function toReply({ status, headers, body }: UpstreamReply): Reply {
  return { status, headers, dialect: "openai", body };
}
