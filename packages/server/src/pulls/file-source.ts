import type { FilePart } from "@llm-platform/kit";
import type { ByteRun } from "../core/chunk-map.ts";

/** A file at its source, as it was found. */
export interface FileSource {
  /** For people: the path in its repository, or the last part of an address. */
  readonly name: string;
  readonly sizeBytes: number;
  /** In hexadecimal; undefined where the source does not say it. */
  readonly sha256: string | undefined;
  /** What changes when the contents do: an ETag, a commit. */
  readonly version: string;
  /**
   * Asks for a part of the contents. Answers with status 206, or 200 where the source knows no parts; another status is
   * a failure that may pass. Rejects with PlatformError for a failure
   * that does not pass.
   */
  open(run: ByteRun, signal: AbortSignal): Promise<FilePart>;
}

/** What a source answers when the file is of another version: it has none of the bytes that were asked for. */
export function otherVersion(): FilePart {
  return {
    status: 412,
    headers: { get: () => undefined },
    body: { store: async () => "short", drop: () => undefined },
  };
}
