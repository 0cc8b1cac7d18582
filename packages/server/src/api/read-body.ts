import type { IncomingMessage } from "node:http";
import { PlatformError } from "@llm-platform/kit";

/**
 * Reads a request's body whole.
 * @param done gets the body, or PlatformError `payload_too_large`, `unsupported_media_type` or `client_cancelled`
 */
export function readBody(
  request: IncomingMessage,
  maxBytes: number,
  done: (error: PlatformError | undefined, body: Buffer) => void,
): void {
  const refusal = judgeHead(request, maxBytes);
  if (refusal !== undefined) {
    done(refusal, empty);
    return;
  }
  new BodyReader(request, maxBytes, done);
}

/** The same as a promise. Rejects with the error that `done` would get. */
export function readWholeBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) =>
    readBody(request, maxBytes, (error, body) => (error === undefined ? resolve(body) : reject(error))),
  );
}

const empty = Buffer.alloc(0);

function judgeHead(request: IncomingMessage, maxBytes: number): PlatformError | undefined {
  const encoding = request.headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") {
    return new PlatformError(
      "unsupported_media_type",
      "A compressed request body is not accepted. Send it plain.",
      { field: "content-encoding" },
    );
  }
  return Number(request.headers["content-length"] ?? 0) > maxBytes ? tooLarge(maxBytes) : undefined;
}

class BodyReader {
  readonly #maxBytes: number;
  #done: ((error: PlatformError | undefined, body: Buffer) => void) | undefined;
  #first: Buffer | undefined;
  #rest: Buffer[] | undefined;
  #length = 0;

  constructor(
    request: IncomingMessage,
    maxBytes: number,
    done: (error: PlatformError | undefined, body: Buffer) => void,
  ) {
    this.#maxBytes = maxBytes;
    this.#done = done;
    request.on("data", (chunk: Buffer) => this.#add(chunk));
    request.on("end", () => this.#finish(undefined));
    request.on("error", (cause) =>
      this.#finish(new PlatformError("client_cancelled", "The client broke off its request.", { cause })),
    );
  }

  #add(chunk: Buffer): void {
    if (this.#done === undefined) return;
    this.#length += chunk.length;
    if (this.#length > this.#maxBytes) {
      this.#finish(tooLarge(this.#maxBytes));
      return;
    }
    if (this.#first === undefined) this.#first = chunk;
    else {
      this.#rest ??= [this.#first];
      this.#rest.push(chunk);
    }
  }

  #finish(error: PlatformError | undefined): void {
    const done = this.#done;
    this.#done = undefined;
    const body = this.#rest === undefined ? (this.#first ?? empty) : Buffer.concat(this.#rest, this.#length);
    this.#rest = undefined;
    this.#first = undefined;
    done?.(error, error === undefined ? body : empty);
  }
}

function tooLarge(maxBytes: number): PlatformError {
  return new PlatformError(
    "payload_too_large",
    `The body is larger than ${maxBytes} bytes, the most that is accepted here.`,
  );
}
