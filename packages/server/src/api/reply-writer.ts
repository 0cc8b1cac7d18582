import type { ByteSink, PlatformError, Reply } from "@llm-platform/kit";

/** Writes one reply to its client, as the body of which it hears the bytes. */
export interface ReplyWriter extends ByteSink {
  /** Begins with a reply. */
  write(reply: Reply): void;
  /** Tells a client whose reply has begun that it goes wrong. */
  fail(error: PlatformError): void;
  /** The client left, or is told something else: nothing more is written. */
  leave(): void;
  /** Nothing waits for the client any more. */
  resume(): void;
}
