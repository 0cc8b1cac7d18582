import { PlatformError, toPlatformError } from "@llm-platform/kit";

/** What a file system throws, in our words. */
export function toDiskError(error: unknown): PlatformError {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOSPC" || code === "EDQUOT")
    return new PlatformError(
      "insufficient_storage",
      "The disk of the models is full. Free some space and resume the pull: what was fetched is still there.",
      { cause: error },
    );
  return toPlatformError(
    error,
    "The folder of the models cannot be written. Check its disk and its permissions.",
  );
}
