import { promisify } from "node:util";
import { gunzip, inflate } from "node:zlib";
import { PlatformError } from "@llm-platform/kit";
import { type Message, tooLarge } from "./frames.ts";

/** What clients may compress their messages by, as `grpc-accept-encoding` says it. */
export const acceptedEncodings = "identity,gzip,deflate";

const inflaters = { gzip: promisify(gunzip), deflate: promisify(inflate) };

/**
 * The bytes of a message. No more than `maxBytes` are ever held of what is inflated.
 * Rejects with PlatformError `unsupported_media_type`, `payload_too_large`, `invalid_request`.
 */
export async function inflateMessage(
  { bytes }: Message,
  encoding: string,
  maxBytes: number,
): Promise<Uint8Array> {
  if (encoding !== "gzip" && encoding !== "deflate")
    throw new PlatformError(
      "unsupported_media_type",
      `The message is compressed in a way that is not known here. Use one of ${acceptedEncodings}.`,
    );
  try {
    return await inflaters[encoding](bytes, { maxOutputLength: maxBytes });
  } catch (error) {
    if (error instanceof RangeError && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE")
      throw tooLarge(maxBytes);
    throw new PlatformError("invalid_request", `The message is not valid ${encoding}.`, { cause: error });
  }
}
