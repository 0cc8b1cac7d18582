import {
  createRelaySender,
  type IntegrationContext,
  type ModelPlatform,
  type Relay,
} from "@llm-platform/kit";
import { toRequestHeaders } from "../request-headers.ts";
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
  const maxConnections = settings.max_connections;
  const relay: Relay = {
    origin,
    paths: {
      chat: `${apiPrefix}/chat/completions`,
      completion: `${apiPrefix}/completions`,
      embedding: `${apiPrefix}/embeddings`,
    },
    headers: toRequestHeaders({
      accept: "application/json, text/event-stream",
      apiKey: settings.api_key,
      extra: settings.headers,
    }),
  };
  return {
    provider: profile.provider,
    dialectFor: () => "openai",
    reportsStreamUsage: settings.stream_usage,
    list,
    send: createRelaySender(
      context.upstream(origin, maxConnections === undefined ? {} : { maxConnections }),
      relay,
    ),
    // A bound on connections holds for all processes together only where one of them has them all, and issuers of its own
    // are known to this process only.
    ...(maxConnections === undefined && settings.tls?.ca_file === undefined ? { relay: () => relay } : {}),
  };
}
