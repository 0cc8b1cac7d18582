import { huggingFaceIntegration } from "./huggingface/integration.ts";
import { localIntegration } from "./local/integration.ts";
import { ollamaIntegration } from "./ollama/integration.ts";
import { openAiCompatibleIntegration } from "./openai-compatible/integration.ts";

export { huggingFaceIntegration, localIntegration, ollamaIntegration, openAiCompatibleIntegration };

/** Every integration that comes with the platform. */
export const builtInIntegrations = [
  huggingFaceIntegration,
  localIntegration,
  ollamaIntegration,
  openAiCompatibleIntegration,
] as const;
