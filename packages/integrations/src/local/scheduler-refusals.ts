import { PlatformError } from "@llm-platform/kit";
import type { LoadableModel } from "./loadable-model.ts";
import type { RoomLimits } from "./room-policy.ts";

/** For a model that could never be loaded. */
export function tooLarge(
  { id, bytes, estimate }: Pick<LoadableModel, "id" | "bytes" | "estimate">,
  { maxBytes, maxGpuBytes }: RoomLimits,
): PlatformError {
  const [limitBytes, place] = bytes > maxBytes ? [maxBytes, "memory"] : [maxGpuBytes, "memory of the GPU"];
  const message =
    `The model '${id}' needs about ${estimate}, but local models may take ${Math.floor(limitBytes / 1024 / 1024)} MiB of ${place}, pinned ones with them. ` +
    "Choose a smaller model, or lower 'context_tokens', 'parallel' or 'gpu_layers', or raise 'memory_limit_bytes'.";
  return new PlatformError("insufficient_storage", message);
}

export function shuttingDown(): PlatformError {
  return new PlatformError("shutting_down", "The local engine is stopping. Try again later.", {
    isRetryable: true,
  });
}
