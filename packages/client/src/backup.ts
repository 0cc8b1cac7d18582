import { ClientError } from "./client-error.ts";

/** A backup on its way from the server. */
export interface SentBackup {
  /** Throws ClientError when it breaks off. */
  readonly body: AsyncIterable<Uint8Array>;
  readonly bytes: number;
  /** Of the whole, in hexadecimal. */
  readonly sha256: string;
}

/** Reads the head of an answer that is a backup. Throws ClientError `failed` for another answer. */
export function toSentBackup(response: Response): SentBackup {
  const bytes = Number(response.headers.get("content-length") ?? Number.NaN);
  const digest = /^sha-256=:([A-Za-z0-9+/]{43}=):$/.exec(response.headers.get("repr-digest") ?? "")?.[1];
  if (response.body === null || digest === undefined || !Number.isSafeInteger(bytes))
    throw new ClientError("failed", "What answers there sent no backup. Check the address.", {
      requestId: response.headers.get("x-request-id") ?? undefined,
    });
  return { body: orBrokenOff(response.body), bytes, sha256: Buffer.from(digest, "base64").toString("hex") };
}

async function* orBrokenOff(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (cause) {
    const message = "The backup broke off before its end. Make it again, and look at the server's log.";
    throw new ClientError("unavailable", message, { cause });
  }
}
