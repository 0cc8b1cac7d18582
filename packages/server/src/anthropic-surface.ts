import type { IncomingMessage } from "node:http";
import type { IntegrationDefinition } from "@llm-platform/kit";
import { anthropicModels } from "./api/anthropic/models.ts";
import { createAnthropicMount } from "./api/anthropic/surface.ts";
import type { InferenceParts } from "./api/inference.ts";
import type { Listener } from "./api/listener.ts";
import type { ModelListFormat } from "./api/models-endpoint.ts";
import { openAiModels } from "./api/openai/models.ts";
import { createSurfaceIntegration } from "./api/surface-integration.ts";
import type { PlatformConfig } from "./config/schema.ts";
import type { ModelDirectory } from "./gateway/model-directory.ts";

interface AnthropicSurfaceParts {
  readonly config: PlatformConfig;
  readonly listener: Listener;
  readonly inference: InferenceParts;
  readonly directory: ModelDirectory;
}

/** Anthropic's API as an integration. */
export function createAnthropicSurface({
  config,
  listener,
  inference,
  directory,
}: AnthropicSurfaceParts): IntegrationDefinition<object> {
  return createSurfaceIntegration({
    id: "anthropic-api",
    type: "api",
    summary: "Anthropic's Messages API at /v1/messages.",
    listener,
    open: async () => ({
      mount: createAnthropicMount({ ...inference, directory, modelFormatOf: modelFormatOf(config) }),
      close: async () => undefined,
    }),
  });
}

/** OpenAI and Anthropic list models at the same path: who sends a version of Anthropic's API means that one's list. */
export function modelFormatOf({
  openai_api,
  anthropic_api,
}: Pick<PlatformConfig, "openai_api" | "anthropic_api">): (
  headers: IncomingMessage["headers"],
) => ModelListFormat {
  if (!anthropic_api.enabled) return () => openAiModels;
  if (!openai_api.enabled) return () => anthropicModels;
  return (headers) => (headers["anthropic-version"] === undefined ? openAiModels : anthropicModels);
}
