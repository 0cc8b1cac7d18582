import { ClientError } from "./client-error.ts";
import { readEventData } from "./event-stream.ts";

/** A piece of a function call; those of one `index` belong together. */
export interface ToolCallPiece {
  readonly index: number;
  readonly id: string | undefined;
  readonly name: string | undefined;
  readonly arguments: string;
}

/** A piece of an answer. */
export interface ChatChunk {
  readonly content: string;
  readonly reasoning: string;
  readonly toolCalls: readonly ToolCallPiece[];
  readonly finishReason: string | undefined;
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number } | undefined;
  /** As it came over the wire. */
  readonly raw: string;
}

interface WireToolCall {
  readonly index?: number;
  readonly id?: string;
  readonly function?: { readonly name?: string; readonly arguments?: string };
}

interface WireChunk {
  readonly error?: { readonly message?: string; readonly code?: string };
  readonly choices?: readonly {
    readonly delta?: {
      readonly content?: string | null;
      readonly reasoning_content?: string | null;
      readonly tool_calls?: readonly WireToolCall[] | null;
    };
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
    toolCalls: (choice?.delta?.tool_calls ?? []).map(toPiece),
    finishReason: choice?.finish_reason ?? undefined,
    usage: chunk.usage ?? undefined,
    raw: data,
  };
}

function toPiece({ index = 0, id, function: called }: WireToolCall): ToolCallPiece {
  return { index, id, name: called?.name, arguments: called?.arguments ?? "" };
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
