import type { PlatformConfig } from "./config/schema.ts";
import type { ContentCapture } from "./control/system.ts";
import type { ContentStageParts } from "./gateway/content/content-stage.ts";
import type { CallContent } from "./store/content/call-content.ts";
import type { Identity } from "./store/identity.ts";
import type { PlatformLog } from "./telemetry/log.ts";

/** Tells whose calls are kept with their content. What it returns rejects with PlatformError `unavailable`. */
export function createCaptureView(
  { auth, content }: Pick<PlatformConfig, "auth" | "content">,
  { apiKeys }: Pick<Identity, "apiKeys">,
): () => Promise<ContentCapture> {
  const configured = auth.api_keys.filter((key) => key.capture_content).map(({ name }) => name);
  return async () => ({
    keys: [...configured, ...(await apiKeys.listCapturing())],
    models: content.models,
  });
}

/** What the gateway needs to keep calls with their content. */
export function toContentStage(
  { content }: Pick<PlatformConfig, "content">,
  store: Pick<CallContent, "keep">,
): ContentStageParts {
  return {
    models: new Set(content.models),
    maxBytes: content.max_bytes,
    nowMs: Date.now,
    keep: (each) => store.keep(each),
  };
}

/** Nobody should find out by chance. */
export function tellCapture({ keys, models }: ContentCapture, log: PlatformLog): void {
  if (keys.length + models.length === 0) return;
  log.warn("content.capture_on", {
    keys,
    models,
    note: "What these calls ask and are answered is kept, sealed, for content.retention_days.",
  });
}
