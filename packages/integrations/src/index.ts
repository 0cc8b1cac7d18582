import { localIntegration } from "./local/integration.ts";
import { ollamaIntegration } from "./ollama/integration.ts";
import { openAiCompatibleIntegration } from "./openai-compatible/integration.ts";

export { localIntegration, ollamaIntegration, openAiCompatibleIntegration };

/** Every integration that comes with the platform. */
export const builtInIntegrations = [
  localIntegration,
  ollamaIntegration,
  openAiCompatibleIntegration,
] as const;
