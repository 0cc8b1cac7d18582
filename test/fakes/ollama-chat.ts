import {
  type Answer,
  answerTo,
  countAnswer,
  type Pace,
  type Question,
  readModelName,
  tokensOf,
} from "./answer.ts";
import { type JsonObject, listOf, numberOf, objectOf, parseJson, textOf } from "./json-read.ts";
import { capabilitiesOf, fixedTime, type OllamaModels, withTag } from "./ollama-models.ts";
import { delayOf, waitFor } from "./openai-chat.ts";
import { textsOf } from "./openai-question.ts";
import { type EventRole, eventReply, type Reply, type StreamEvent, wholeReply } from "./reply.ts";
import { ollamaJsonHeaders } from "./voice.ts";

/** What an Ollama-speaking fake is made of. */
export type OllamaState = {
  readonly models: OllamaModels;
  /** Context window in tokens; `options.num_ctx` of a request is stronger. */
  readonly numCtx: number;
  readonly apiKey: string | undefined;
};

/** A parsed request for an answer. */
export type OllamaCall = { readonly state: OllamaState; readonly body: JsonObject; readonly pace: Pace };

export const streamHeaders = [["Content-Type", "application/x-ndjson"]] as const;

const tokensPerMessage = 4;
const tokensPerImage = 85;
const loadNanos = 1_500_000_000;

export function jsonReply(status: number, value: unknown): Reply {
  return wholeReply(status, ollamaJsonHeaders, goJson(value));
}

/** JSON as Go writes it: fit to stand in HTML. */
export function goJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

export function notFound(name: string): Reply {
  return jsonReply(404, { error: `model '${name}' not found` });
}

/** What routes say that would have loaded the model. */
export function notPulled(name: string): Reply {
  return jsonReply(404, { error: `model "${name}" not found, try pulling it first` });
}

function schemaOf(format: unknown): unknown {
  if (format === "json") return {};
  return typeof format === "object" && format !== null ? format : undefined;
}

function commonQuestion(
  body: JsonObject,
): Omit<Question, "lastText" | "toolResult" | "promptTokens" | "tools"> {
  const options = objectOf(body.options);
  return {
    forcedTool: undefined,
    schema: schemaOf(body.format),
    stop: textsOf(options.stop),
    maxTokens: numberOf(options.num_predict),
    wantsThinking: body.think === true || typeof body.think === "string",
    choice: 0,
  };
}

function readChat(body: JsonObject): Question {
  const messages = listOf(body.messages).map(objectOf);
  const last = messages.at(-1) ?? {};
  const lastUser = messages.findLast((message) => message.role === "user") ?? last;
  const counts = messages.map(
    (message) =>
      tokensPerMessage +
      tokensOf(textOf(message.content)).length +
      listOf(message.images).length * tokensPerImage,
  );
  const tools = listOf(body.tools).map((tool) => objectOf(objectOf(tool).function));
  return {
    ...commonQuestion(body),
    lastText: textOf(lastUser.content),
    toolResult: last.role === "tool" ? textOf(last.content) : undefined,
    promptTokens: counts.reduce((sum, count) => sum + count, 0),
    tools: tools.map((tool) => ({ name: textOf(tool.name), parameters: tool.parameters })),
  };
}

function readGenerate(body: JsonObject): Question {
  const prompt = textOf(body.prompt);
  const images = listOf(body.images).length * tokensPerImage;
  const promptTokens = tokensOf(prompt).length + tokensOf(textOf(body.system)).length + images;
  return { ...commonQuestion(body), lastText: prompt, toolResult: undefined, promptTokens, tools: [] };
}

function statsOf(call: OllamaCall, promptTokens: number, tokens: number): JsonObject {
  const numCtx = numberOf(objectOf(call.body.options).num_ctx) ?? call.state.numCtx;
  const counted = Math.min(promptTokens, numCtx);
  const load = call.state.models.isLoaded(textOf(call.body.model)) ? 1_000_000 : loadNanos;
  const promptNanos = counted * 2_000_000;
  const evalNanos = tokens * 10_000_000;
  return {
    total_duration: load + promptNanos + evalNanos,
    load_duration: load,
    prompt_eval_count: counted,
    prompt_eval_duration: promptNanos,
    eval_count: tokens,
    eval_duration: evalNanos,
  };
}

/** How one of the two endpoints wraps the parts of an answer. */
type Shape = {
  text(content: string): JsonObject;
  thinking(content: string): JsonObject;
  tools(calls: readonly JsonObject[]): JsonObject;
  whole(answer: Answer, calls: readonly JsonObject[]): JsonObject;
  /** That it is over, and why: the two routes differ in the order. */
  over(reason: string): JsonObject;
  readonly extra: JsonObject;
  /** What a model cannot do that only embeds. */
  readonly verb: string;
  missing(name: string): Reply;
};

const chatShape: Shape = {
  text: (content) => ({ message: { role: "assistant", content } }),
  thinking: (thinking) => ({ message: { role: "assistant", content: "", thinking } }),
  tools: (calls) => ({ message: { role: "assistant", content: "", tool_calls: calls } }),
  whole: (answer, calls) => {
    const thinking = answer.thinking.length === 0 ? {} : { thinking: answer.thinking.join("") };
    const tools = calls.length === 0 ? {} : { tool_calls: calls };
    return { message: { role: "assistant", content: answer.tokens.join(""), ...thinking, ...tools } };
  },
  over: (reason) => ({ done_reason: reason, done: true }),
  extra: {},
  verb: "chat",
  missing: notPulled,
};

const generateShape: Shape = {
  text: (response) => ({ response }),
  thinking: (thinking) => ({ response: "", thinking }),
  tools: () => ({ response: "" }),
  whole: (answer) => {
    const thinking = answer.thinking.length === 0 ? {} : { thinking: answer.thinking.join("") };
    return { response: answer.tokens.join(""), ...thinking };
  },
  over: (reason) => ({ done: true, done_reason: reason }),
  extra: { context: [1, 2, 3] },
  verb: "generate",
  missing: notFound,
};

function toolCallsOf(answer: Answer): readonly JsonObject[] {
  return answer.toolCalls.map((call) => ({
    function: { name: call.name, arguments: objectOf(parseJson(call.argumentsJson)?.value) },
  }));
}

function streamAnswer(call: OllamaCall, answer: Answer, parts: { stats: JsonObject; shape: Shape }): Reply {
  const { stats, shape } = parts;
  const head = { model: call.body.model, created_at: fixedTime };
  const calls = toolCallsOf(answer);
  const pieces = [
    ...answer.thinking.map(shape.thinking),
    ...answer.tokens.map(shape.text),
    ...(calls.length === 0 ? [] : [shape.tools(calls)]),
  ];
  const line = (role: EventRole, value: JsonObject, delayMs: number): StreamEvent => {
    return { role, data: goJson({ ...head, ...value }), delayMs };
  };
  const lines = pieces.map((part, at) => {
    const delayMs = at === 0 ? delayOf("open", true, call.pace) : delayOf("content", false, call.pace);
    return line("content", { ...part, done: false }, delayMs);
  });
  const last = { ...shape.text(""), ...shape.over(doneReason(answer)), ...shape.extra, ...stats };
  return eventReply(streamHeaders, "ndjson", [...lines, line("finish", last, 0)]);
}

function doneReason(answer: Answer): string {
  return answer.ending === "length" ? "length" : "stop";
}

/** Replies that load or unload the model and generate nothing. */
function residenceReply(call: OllamaCall, shape: Shape): Reply | undefined {
  const { body, state } = call;
  const isEmpty = shape === chatShape ? listOf(body.messages).length === 0 : textOf(body.prompt) === "";
  if (!isEmpty) return undefined;
  state.models.touch(textOf(body.model), body.keep_alive);
  const reason = state.models.isLoaded(textOf(body.model)) ? "load" : "unload";
  return jsonReply(200, {
    model: body.model,
    created_at: fixedTime,
    ...shape.text(""),
    ...shape.over(reason),
  });
}

function refusal(call: OllamaCall, name: string, shape: Shape): Reply | undefined {
  const can = capabilitiesOf(name);
  if (!can.includes("completion"))
    return jsonReply(400, { error: `"${name}" does not support ${shape.verb}` });
  const wanted = [
    ...(listOf(call.body.tools).length > 0 ? ["tools"] : []),
    ...(call.body.think !== undefined && call.body.think !== false ? ["thinking"] : []),
  ];
  const lacking = wanted.find((ability) => !can.includes(ability));
  if (lacking === undefined) return undefined;
  return jsonReply(400, {
    error: `registry.ollama.ai/library/${withTag(name)} does not support ${lacking}`,
  });
}

function answerAs(call: OllamaCall, shape: Shape): Reply {
  const { model, pace } = readModelName(textOf(call.body.model), call.pace);
  const named = { ...call, pace };
  if (!call.state.models.has(model)) return shape.missing(textOf(call.body.model));
  const early = refusal(named, model, shape) ?? residenceReply(named, shape);
  if (early !== undefined) return early;
  const question = shape === chatShape ? readChat(call.body) : readGenerate(call.body);
  const answer = answerTo(question, pace);
  const tokens = countAnswer(answer);
  const stats = statsOf(named, question.promptTokens, tokens);
  call.state.models.touch(model, call.body.keep_alive);
  if (call.body.stream !== false) return streamAnswer(named, answer, { stats, shape });
  const whole = shape.whole(answer, toolCallsOf(answer));
  const head = { model: call.body.model, created_at: fixedTime };
  const value = { ...head, ...whole, ...shape.over(doneReason(answer)), ...shape.extra, ...stats };
  return waitFor(jsonReply(200, value), pace, tokens);
}

/** Answers POST /api/chat. */
export function answerOllamaChat(call: OllamaCall): Reply {
  return answerAs(call, chatShape);
}

/** Answers POST /api/generate. */
export function answerOllamaGenerate(call: OllamaCall): Reply {
  return answerAs(call, generateShape);
}
