import { ClientError } from "./client-error.ts";

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
  const decoder = new TextDecoder();
  let pending = "";
  for await (const bytes of response.body) {
    pending += decoder.decode(bytes, { stream: true });
    const lines = pending.split("\n");
    pending = lines.pop() ?? "";
    for (const line of lines) {
      if (!line.startsWith("data:")) continue;
      const data = line.slice(5).trim();
      if (data === "[DONE]") return;
      yield toChunk(data, requestId);
    }
  }
  throw new ClientError("unavailable", "The stream broke off before its end.", { requestId });
}

function toChunk(data: string, requestId: string | undefined): ChatChunk {
  // Our own server's wire; what it sends is proved by its tests.
  const chunk = JSON.parse(data) as WireChunk;
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
