import {
  createLineSplitter,
  createReplyGatherer,
  type DecodeInput,
  type JsonObject,
  maxStreamLineBytes,
  type ModelEvent,
  parseReplyObject,
  type ReplyDecoder,
  textAt,
} from "@llm-platform/kit";
import { decodeEmbeddings } from "./decode-embedding.ts";
import { decodeDelta, decodeFinish, decodeUsage } from "./decode-line.ts";
import { isPromptTruncated } from "./prompt-truncation.ts";
import { toReplyError } from "./reply-error.ts";

interface ReplyFacts extends DecodeInput {
  /** The window that a model is loaded with, by its name in the reply; undefined when it is not known. */
  readonly windowTokensOf: (model: string) => number | undefined;
}

/** Reads a reply of `/api/chat`, `/api/generate` or `/api/embed`: lines of JSON for a stream, else one JSON. */
export function createOllamaDecoder(facts: ReplyFacts): ReplyDecoder {
  return facts.stream && facts.operation !== "embedding"
    ? createStreamDecoder(facts)
    : createWholeDecoder(facts);
}

function createStreamDecoder(facts: ReplyFacts): ReplyDecoder {
  const lines = createLineSplitter(maxStreamLineBytes);
  const read = createLineReader(facts);

  function readAll(texts: readonly string[]): readonly ModelEvent[] {
    return texts.filter((text) => text.trim() !== "").flatMap((text) => read(parseReplyObject(text)));
  }
  return {
    push: (chunk) => readAll(lines.push(chunk)),
    end() {
      const rest = lines.rest();
      // A cut in the middle of a line is no wrong form: that the reply has no end tells what happened.
      if (rest.trimStart().startsWith("{") && !isJson(rest)) return [];
      return readAll([rest]);
    },
  };
}

function createWholeDecoder(facts: ReplyFacts): ReplyDecoder {
  const read = createLineReader(facts);
  const reply = createReplyGatherer();
  return {
    push(chunk) {
      reply.push(chunk);
      return [];
    },
    end: () => read(reply.take()),
  };
}

/** Turns line after line into events. After the last line, or an error, nothing more comes. */
function createLineReader(facts: ReplyFacts): (line: JsonObject) => readonly ModelEvent[] {
  let toolCalls = 0;
  let isOver = false;

  function readText(line: JsonObject): readonly ModelEvent[] {
    const delta = decodeDelta(line, { operation: facts.operation, toolCalls });
    toolCalls += delta?.toolCalls?.length ?? 0;
    const events: readonly ModelEvent[] = delta === undefined ? [] : [delta];
    if (line.done !== true) return events;
    isOver = true;
    const finish = decodeFinish(line, toolCalls);
    return finish.type === "error" ? [...events, finish] : [...events, finish, ...readLast(line, facts)];
  }

  return (line) => {
    if (isOver) return [];
    if ((line.error ?? undefined) !== undefined) {
      isOver = true;
      return [{ type: "error", error: toReplyError(line.error) }];
    }
    if (facts.operation !== "embedding") return readText(line);
    isOver = true;
    return [...decodeEmbeddings(line), ...readLast(line, facts)];
  };
}

/** What the last line says beside how the reply ended. */
function readLast(line: JsonObject, facts: ReplyFacts): readonly ModelEvent[] {
  const usage = decodeUsage(line);
  const windowTokens = facts.windowTokensOf(textAt(line, "model") ?? "");
  const isTruncated =
    facts.operation !== "embedding" &&
    isPromptTruncated({
      estimatedTokens: facts.estimatedInputTokens,
      countedTokens: usage?.inputTokens,
      windowTokens,
    });
  return [
    ...(usage === undefined ? [] : [{ type: "usage", usage } as const]),
    ...(isTruncated ? [toWarning(usage?.inputTokens, windowTokens)] : []),
    { type: "end" },
  ];
}

function toWarning(countedTokens: number | undefined, windowTokens: number | undefined): ModelEvent {
  const window = windowTokens === undefined ? "" : ` of ${windowTokens} tokens`;
  return {
    type: "warning",
    code: "prompt_truncated",
    message:
      `Ollama read only ${countedTokens ?? 0} tokens of a longer prompt, because it does not fit the window${window} ` +
      "that the model is loaded with. Set context_tokens in the integration's settings, or send less.",
  };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    // Whether this is an error depends on where the text stands.
    return false;
  }
}
