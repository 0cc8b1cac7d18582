import {
  type ChatRequest,
  type ChatToolCall,
  ClientError,
  type PlatformClient,
  toStreamedBody,
  type ToolCallPiece,
} from "@llm-platform/client";
import { type Answer, startAnswer } from "./conversation.ts";

/** A page that is drawn anew for every piece of four answers at once would do nothing else. */
const tellEveryMs = 60;

interface Reading {
  readonly request: ChatRequest;
  readonly signal: AbortSignal;
  /** Told of the answer as it grows, and at last as it ended. */
  tell(answer: Answer): void;
}

/** Asks a model, and reads its answer to the end. Rejects with nothing that the server or the connection did. */
export async function readAnswer(
  client: Pick<PlatformClient, "openChat">,
  { request, signal, tell }: Reading,
): Promise<void> {
  const startedMs = performance.now();
  const sinceMs = () => performance.now() - startedMs;
  const events: string[] = [];
  let answer = startAnswer(toStreamedBody(request));
  let timer: ReturnType<typeof setTimeout> | undefined;
  const change = (part: Partial<Answer>) => {
    answer = { ...answer, ...part };
    timer ??= setTimeout(() => {
      timer = undefined;
      tell(withEvents(answer, events));
    }, tellEveryMs);
  };
  const end = (part: Partial<Answer>) => {
    clearTimeout(timer);
    tell(withEvents({ ...answer, ...part, totalMs: sinceMs() }, events));
  };
  tell(answer);
  try {
    const { requestId, chunks } = await client.openChat(request, signal);
    change({ requestId });
    for await (const { raw, content, reasoning, toolCalls, finishReason, usage } of chunks) {
      events.push(raw);
      const isFirst = content !== "" || reasoning !== "" || toolCalls.length > 0;
      change({
        text: answer.text + content,
        reasoning: answer.reasoning + reasoning,
        toolCalls: toolCalls.reduce(addPiece, answer.toolCalls),
        finishReason: finishReason ?? answer.finishReason,
        firstMs: answer.firstMs ?? (isFirst ? sinceMs() : undefined),
        inputTokens: usage?.prompt_tokens ?? answer.inputTokens,
        outputTokens: usage?.completion_tokens ?? answer.outputTokens,
      });
    }
    end({ state: "done" });
  } catch (error) {
    if (signal.aborted) end({ state: "cancelled" });
    else if (error instanceof ClientError)
      end({ state: "cut", error, requestId: answer.requestId ?? error.requestId });
    else throw error;
  }
}

function withEvents(answer: Answer, events: readonly string[]): Answer {
  return { ...answer, raw: { ...answer.raw, events: [...events] } };
}

function addPiece(calls: readonly ChatToolCall[], piece: ToolCallPiece): readonly ChatToolCall[] {
  const before = calls[piece.index];
  const call: ChatToolCall = {
    id: piece.id ?? before?.id ?? `call_${piece.index}`,
    type: "function",
    function: {
      name: piece.name ?? before?.function.name ?? "",
      arguments: (before?.function.arguments ?? "") + piece.arguments,
    },
  };
  return before === undefined ? [...calls, call] : calls.with(piece.index, call);
}
