import type { PlatformError } from "@llm-platform/kit";
import type { SurfaceDialect } from "../surface-dialect.ts";

/** Ollama's wire: JSON, and one JSON object a line for streams. */
export const ollamaDialect: SurfaceDialect = {
  dialect: "ollama",
  resource: "",
  streamContentType: "application/x-ndjson",
  formatError,
  formatErrorFrame: (error, requestId) => `${formatError(error, requestId)}\n`,
  heartbeat: undefined,
};

/** `/api/generate` where the model is not on a server of Ollama. */
export const generateSurface: SurfaceDialect = { ...ollamaDialect, dialect: "ollama-generate" };

/** The older `/api/embeddings`. */
export const embeddingsSurface: SurfaceDialect = { ...ollamaDialect, dialect: "ollama-embeddings" };

function formatError(error: PlatformError, requestId: string): string {
  return JSON.stringify({ error: error.message, code: error.code, request_id: requestId });
}
