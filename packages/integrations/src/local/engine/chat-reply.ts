import { randomBytes } from "node:crypto";
import { type ChoiceDelta, type ChoiceEnd, runChoice } from "./chat-choice.ts";
import { planChat } from "./chat-plan.ts";
import { chatRequestSchema } from "./chat-request.ts";
import type { LoadedEngine } from "./loaded-engine.ts";
import type { TokenLogprob } from "./logprobs.ts";
import { type ReplyWriter, settleAll } from "./reply-writer.ts";
import { withChatDefaults } from "./request-defaults.ts";
import { parseRequest } from "./request-parse.ts";
import { toUsage, type UsageBlock } from "./usage-block.ts";

interface ReplyHead {
  readonly id: string;
  readonly created: number;
  readonly model: string;
}

/** Answers one chat request, whole or as a stream. Throws PlatformError before the first byte. */
export async function answerChat(engine: LoadedEngine, body: unknown, writer: ReplyWriter): Promise<void> {
  const request = parseRequest(chatRequestSchema, withChatDefaults(body, engine.defaults));
  const plan = planChat(engine, request);
  const head = {
    id: `chatcmpl-${randomBytes(16).toString("hex")}`,
    created: Math.floor(Date.now() / 1000),
    model: engine.modelId,
  };
  const stream = request.stream
    ? new ChatStream(writer, head, request.stream_options?.include_usage === true)
    : undefined;
  const collected = Array.from(
    { length: plan.choices },
    (): Collected => ({ content: "", calls: [], logprobs: [] }),
  );
  const sink = async (delta: ChoiceDelta): Promise<void> => {
    if (stream !== undefined) await stream.delta(delta);
    else collect(collected, delta);
  };
  const choices = Array.from({ length: plan.choices }, async (_, choice) => {
    const end = await runChoice(engine, plan, { choice, sink, signal: writer.signal });
    if (!writer.signal.aborted) await stream?.finish(end);
    return end;
  });
  const ends = await settleAll(choices, writer);
  if (writer.signal.aborted) return;
  const usage = toUsage(plan.prompt.length, ends);
  if (stream !== undefined) await stream.end(usage);
  else writer.json(200, toCompletion(head, { ends, collected, usage, withLogprobs: request.logprobs }));
}

interface Collected {
  content: string;
  readonly calls: NonNullable<ChoiceDelta["toolCall"]>[];
  readonly logprobs: TokenLogprob[];
}

function collect(collected: readonly Collected[], delta: ChoiceDelta): void {
  const choice = collected[delta.choice];
  if (choice === undefined) return;
  choice.content += delta.content ?? "";
  if (delta.toolCall !== undefined) choice.calls.push(delta.toolCall);
  if (delta.logprobs !== undefined) choice.logprobs.push(...delta.logprobs);
}

interface Whole {
  readonly ends: readonly ChoiceEnd[];
  readonly collected: readonly Collected[];
  readonly usage: UsageBlock;
  readonly withLogprobs: boolean;
}

function toCompletion(head: ReplyHead, whole: Whole): object {
  const choices = whole.ends.map((end) => {
    const { content, calls, logprobs } = whole.collected[end.choice] ?? {
      content: "",
      calls: [],
      logprobs: [],
    };
    const toolCalls = calls.map((call) => ({
      id: call.id,
      type: "function",
      function: { name: call.name, arguments: call.argumentsText },
    }));
    return {
      index: end.choice,
      message: {
        role: "assistant",
        content: content === "" && toolCalls.length > 0 ? null : content,
        refusal: null,
        ...(toolCalls.length === 0 ? {} : { tool_calls: toolCalls }),
      },
      logprobs: whole.withLogprobs ? { content: logprobs, refusal: null } : null,
      finish_reason: end.reason,
    };
  });
  return { ...head, object: "chat.completion", choices, usage: whole.usage, system_fingerprint: null };
}

/** Writes a chat as server-sent events. The head goes out with the first delta, so an early failure keeps its status. */
class ChatStream {
  readonly #writer: ReplyWriter;
  readonly #head: ReplyHead;
  readonly #withUsage: boolean;
  readonly #begun = new Set<number>();

  constructor(writer: ReplyWriter, head: ReplyHead, withUsage: boolean) {
    this.#writer = writer;
    this.#head = head;
    this.#withUsage = withUsage;
  }

  async delta(delta: ChoiceDelta): Promise<void> {
    await this.#begin(delta.choice, delta.toolCall === undefined ? "" : null);
    const logprobs = delta.logprobs === undefined ? null : { content: delta.logprobs, refusal: null };
    if (delta.toolCall === undefined) {
      await this.#choice(delta.choice, { content: delta.content ?? "" }, { logprobs });
      return;
    }
    const { index, id, name, argumentsText } = delta.toolCall;
    const first = { index, id, type: "function", function: { name, arguments: "" } };
    await this.#choice(delta.choice, { tool_calls: [first] }, { logprobs });
    await this.#choice(delta.choice, { tool_calls: [{ index, function: { arguments: argumentsText } }] }, {});
  }

  async finish(end: ChoiceEnd): Promise<void> {
    await this.#begin(end.choice, "");
    await this.#choice(end.choice, {}, { finish_reason: end.reason });
  }

  async end(usage: UsageBlock): Promise<void> {
    if (this.#withUsage) await this.#chunk([], usage);
    this.#writer.endEvents();
  }

  /** The role comes first; content is null where the reply begins with a call. */
  async #begin(choice: number, content: "" | null): Promise<void> {
    if (this.#begun.has(choice)) return;
    this.#begun.add(choice);
    await this.#choice(choice, { role: "assistant", content, refusal: null }, {});
  }

  async #choice(
    index: number,
    delta: object,
    more: { readonly logprobs?: object | null; readonly finish_reason?: string },
  ): Promise<void> {
    await this.#chunk(
      [{ index, delta, logprobs: more.logprobs ?? null, finish_reason: more.finish_reason ?? null }],
      null,
    );
  }

  async #chunk(choices: readonly object[], usage: UsageBlock | null): Promise<void> {
    const chunk = { ...this.#head, object: "chat.completion.chunk", choices, system_fingerprint: null };
    await this.#writer.event(this.#withUsage ? { ...chunk, usage } : chunk);
  }
}
