import { anthropicIntegration } from "./anthropic/integration.ts";
import { localIntegration } from "./local/integration.ts";
import { ollamaIntegration } from "./ollama/integration.ts";
import { openAiCompatibleIntegration } from "./openai-compatible/integration.ts";

export { anthropicIntegration, localIntegration, ollamaIntegration, openAiCompatibleIntegration };

/** Every integration that comes with the platform. */
export const builtInIntegrations = [
  anthropicIntegration,
  localIntegration,
  ollamaIntegration,
  openAiCompatibleIntegration,
] as const;
