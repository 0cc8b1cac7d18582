import { toOpenAiError } from "../error-envelope.ts";
import type { SurfaceDialect } from "../surface-dialect.ts";

/** OpenAI's wire: JSON, and server-sent events for streams. */
export const openAiDialect: SurfaceDialect = {
  dialect: "openai",
  resource: "/v1",
  streamContentType: "text/event-stream; charset=utf-8",
  formatError: (error, requestId) => JSON.stringify(toOpenAiError(error, requestId)),
  formatErrorFrame: (error, requestId) => `data: ${JSON.stringify(toOpenAiError(error, requestId))}\n\n`,
  heartbeat: Buffer.from(": keep-alive\n\n"),
};
