import { alertmanagerIntegration } from "./alertmanager/integration.ts";
import { anthropicIntegration } from "./anthropic/integration.ts";
import { grafanaIntegration } from "./grafana/integration.ts";
import { huggingFaceIntegration } from "./huggingface/integration.ts";
import { kubernetesIntegration } from "./kubernetes/integration.ts";
import { localIntegration } from "./local/integration.ts";
import { ollamaIntegration } from "./ollama/integration.ts";
import { openAiCompatibleIntegration } from "./openai-compatible/integration.ts";
import { slackIntegration } from "./slack/integration.ts";

export {
  alertmanagerIntegration,
  anthropicIntegration,
  grafanaIntegration,
  huggingFaceIntegration,
  kubernetesIntegration,
  localIntegration,
  ollamaIntegration,
  openAiCompatibleIntegration,
  slackIntegration,
};

/** Every integration that comes with the platform. */
export const builtInIntegrations = [
  anthropicIntegration,
  huggingFaceIntegration,
  localIntegration,
  ollamaIntegration,
  openAiCompatibleIntegration,
  alertmanagerIntegration,
  grafanaIntegration,
  slackIntegration,
  kubernetesIntegration,
] as const;
