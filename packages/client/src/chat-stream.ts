import { ClientError } from "./client-error.ts";
import { readEventData } from "./event-stream.ts";

/** A piece of an answer. */
export interface ChatChunk {
  readonly content: string;
  readonly reasoning: string;
  readonly finishReason: string | undefined;
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number } | undefined;
}

interface WireChunk {
  readonly error?: { readonly message?: string; readonly code?: string };
  readonly choices?: readonly {
    readonly delta?: { readonly content?: string | null; readonly reasoning_content?: string | null };
    readonly finish_reason?: string | null;
  }[];
  readonly usage?: { readonly prompt_tokens: number; readonly completion_tokens: number } | null;
}

/** Reads a streamed chat answer. Throws ClientError when it holds an error or ends without its end marker. */
export async function* readChatStream(response: Response): AsyncGenerator<ChatChunk> {
  const requestId = response.headers.get("x-request-id") ?? undefined;
  if (response.body === null) throw new ClientError("failed", "The server sent no stream.", { requestId });
  for await (const data of readEventData(orBrokenOff(response.body, requestId))) {
    if (data === "[DONE]") return;
    yield toChunk(data, requestId);
  }
  throw brokenOff(requestId, undefined);
}

function brokenOff(requestId: string | undefined, cause: unknown): ClientError {
  const message = "The answer broke off before its end. Ask again, or look at the server with `llmp doctor`.";
  return new ClientError("unavailable", message, { requestId, cause });
}

/** The same bytes; a connection that is lost on the way is a ClientError. */
async function* orBrokenOff(
  body: AsyncIterable<Uint8Array<ArrayBuffer>>,
  requestId: string | undefined,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  try {
    yield* body;
  } catch (error) {
    throw brokenOff(requestId, error);
  }
}

function toChunk(data: string, requestId: string | undefined): ChatChunk {
  const chunk = parseChunk(data, requestId);
  if (chunk.error !== undefined) {
    throw new ClientError("unavailable", chunk.error.message ?? "The stream ended with an error.", {
      code: chunk.error.code,
      requestId,
    });
  }
  const choice = chunk.choices?.[0];
  return {
    content: choice?.delta?.content ?? "",
    reasoning: choice?.delta?.reasoning_content ?? "",
    finishReason: choice?.finish_reason ?? undefined,
    usage: chunk.usage ?? undefined,
  };
}

function parseChunk(data: string, requestId: string | undefined): WireChunk {
  try {
    // Our own server's wire; what it sends is proved by its tests.
    return JSON.parse(data) as WireChunk;
  } catch (error) {
    throw new ClientError("failed", "The stream holds something that is no JSON.", {
      requestId,
      cause: error,
    });
  }
}
