import { type Answer, answerTo, countAnswer, type Pace, type Question, readModelName } from "./answer.ts";
import { type JsonObject, numberOf, objectOf } from "./json-read.ts";
import { readChatQuestion } from "./openai-question.ts";
import { encodeJson, type Profile } from "./profiles.ts";
import { type EventRole, eventReply, type Reply, type StreamEvent, wholeReply } from "./reply.ts";

/** Second that every answer says it was created at; fixed, so that replies can be compared. */
export const createdSeconds = 1_763_877_600;

/** A request on its way to an answer. */
export type OpenAiCall = {
  readonly body: JsonObject;
  /** Hash of the request: the part of the reply's id that depends on it. */
  readonly hash: string;
  readonly profile: Profile;
  readonly pace: Pace;
};

type Usage = JsonObject;
type Member = JsonObject;
/** The choices of a reply and what stands beside them. */
type Members = JsonObject & { readonly choices: readonly Member[] };

export function usageOf(profile: Profile, promptTokens: number, completionTokens: number): Usage {
  const usage = {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  };
  if (profile.name === "vllm") {
    return {
      prompt_tokens: promptTokens,
      total_tokens: promptTokens + completionTokens,
      completion_tokens: completionTokens,
    };
  }
  if (profile.name !== "openai") return usage;
  return {
    ...usage,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: 0,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}

function timingsOf(usage: Usage): JsonObject {
  const prompt = numberOf(usage.prompt_tokens) ?? 0;
  const predicted = numberOf(usage.completion_tokens) ?? 0;
  return {
    cache_n: 0,
    prompt_n: prompt,
    prompt_ms: prompt * 2,
    prompt_per_token_ms: 2,
    prompt_per_second: 500,
    predicted_n: predicted,
    predicted_ms: predicted * 10,
    predicted_per_token_ms: 10,
    predicted_per_second: 100,
  };
}

/** The members around `choices`, in the order of the family: llama.cpp writes `choices` first. */
export function envelopeOf(call: OpenAiCall, object: string, members: Members): JsonObject {
  const { choices, ...rest } = members;
  const prefix = object === "text_completion" ? "cmpl" : "chatcmpl";
  const id = `${prefix}-${call.hash}`;
  const common = { id, object, created: createdSeconds, model: call.body.model };
  const fingerprint =
    call.profile.systemFingerprint === undefined
      ? {}
      : { system_fingerprint: call.profile.systemFingerprint };
  if (call.profile.name === "llama-cpp") {
    const { created, model } = common;
    return { choices, created, id, model, ...fingerprint, object, ...rest };
  }
  const tier = call.profile.name === "openai" ? { service_tier: "default" } : {};
  const isWhole = object === "chat.completion";
  return {
    ...common,
    ...tier,
    ...fingerprint,
    choices,
    ...rest,
    ...(isWhole ? call.profile.replyExtras : {}),
  };
}

function tokenLogprob(token: string, top: number): JsonObject {
  const entry = { token, logprob: -0.25, bytes: [...Buffer.from(token)] };
  const others = Array.from({ length: top }, (_, at) => ({ ...entry, logprob: -0.25 - at }));
  return { ...entry, top_logprobs: others };
}

function logprobsOf(body: JsonObject, tokens: readonly string[]): JsonObject | null {
  if (body.logprobs !== true) return null;
  const top = numberOf(body.top_logprobs) ?? 0;
  return { content: tokens.map((token) => tokenLogprob(token, top)), refusal: null };
}

function messageOf(profile: Profile, answer: Answer): JsonObject {
  const calls = answer.toolCalls.map((call) => ({
    id: call.id,
    type: "function",
    function: { name: call.name, arguments: call.argumentsJson },
  }));
  const reasoning =
    profile.reasoningField === undefined || answer.thinking.length === 0
      ? {}
      : { [profile.reasoningField]: answer.thinking.join("") };
  const content = calls.length > 0 ? null : answer.tokens.join("");
  const called = calls.length > 0 ? { tool_calls: calls } : {};
  return { role: "assistant", content, ...profile.messageExtras, ...reasoning, ...called };
}

function choiceOf(call: OpenAiCall, question: Question, answer: Answer): Member {
  return {
    index: question.choice,
    message: messageOf(call.profile, answer),
    logprobs: logprobsOf(call.body, answer.tokens),
    finish_reason: answer.ending,
    ...call.profile.choiceExtras,
  };
}

/** A delta and what it is for. `tokens` are those whose log probabilities it carries. */
type Delta = {
  readonly role: EventRole;
  readonly delta: JsonObject;
  readonly tokens: readonly string[];
  readonly finish: string | null;
};

/** The deltas of one choice, in order. */
function deltasOf(profile: Profile, answer: Answer): readonly Delta[] {
  const content = (delta: JsonObject, tokens: readonly string[] = []): Delta => {
    return { role: "content", delta, tokens, finish: null };
  };
  const opening = {
    role: "assistant",
    content: profile.name === "llama-cpp" || answer.tokens.length === 0 ? null : "",
  };
  const refusal = profile.name === "openai" ? { refusal: null } : {};
  const reasoning = profile.reasoningField ?? "";
  const calls = answer.toolCalls.flatMap((call, index) => {
    const middle = Math.ceil(call.argumentsJson.length / 2);
    const parts = [call.argumentsJson.slice(0, middle), call.argumentsJson.slice(middle)];
    const first = { index, id: call.id, type: "function", function: { name: call.name, arguments: "" } };
    const more = parts
      .filter((part) => part !== "")
      .map((part) => ({ index, function: { arguments: part } }));
    return [first, ...more].map((entry) => content({ tool_calls: [entry] }));
  });
  return [
    { role: "open", delta: { ...opening, ...refusal }, tokens: [], finish: null },
    ...(reasoning === "" ? [] : answer.thinking.map((token) => content({ [reasoning]: token }))),
    ...answer.tokens.map((token) => content({ content: token }, [token])),
    ...calls,
    { role: "finish", delta: {}, tokens: [], finish: answer.ending },
  ];
}

/** Deltas of several choices as one server interleaves them: first deltas first, ends last. */
function interleave(lists: readonly (readonly Delta[])[]): readonly (Delta & { choice: number })[] {
  const longest = Math.max(...lists.map((list) => list.length));
  const rows = Array.from({ length: longest }, (_, at) =>
    lists.flatMap((list, choice) => {
      const delta = list[at];
      return delta === undefined ? [] : [{ ...delta, choice }];
    }),
  ).flat();
  return [...rows.filter((row) => row.role !== "finish"), ...rows.filter((row) => row.role === "finish")];
}

function chunkChoice(call: OpenAiCall, delta: Delta & { choice: number }): Member {
  const { profile } = call;
  const index = delta.choice;
  if (profile.name === "llama-cpp") return { finish_reason: delta.finish, index, delta: delta.delta };
  const logprobs = delta.tokens.length > 0 ? logprobsOf(call.body, delta.tokens) : null;
  const extras = delta.finish === null ? {} : profile.choiceExtras;
  return { index, delta: delta.delta, logprobs, finish_reason: delta.finish, ...extras };
}

/** Pause before the given event of a stream: the first content waits longer. */
export function delayOf(role: EventRole, isFirstContent: boolean, pace: Pace): number {
  if (role === "open") return pace.firstTokenDelayMs;
  return role === "content" && !isFirstContent ? pace.tokenDelayMs : 0;
}

/** The events before and after the chunks: the family's opening comment, the usage chunk, `[DONE]`. */
export function wrapEvents(
  call: OpenAiCall,
  chunks: readonly StreamEvent[],
  usage: StreamEvent | undefined,
): readonly StreamEvent[] {
  const comment = call.profile.openingComment;
  const opening: readonly StreamEvent[] =
    comment === undefined ? [] : [{ role: "other", data: comment, isComment: true, delayMs: 0 }];
  const done: StreamEvent = { role: "done", data: "[DONE]", delayMs: 0 };
  return [...opening, ...chunks, ...(usage === undefined ? [] : [usage]), done];
}

function streamChat(call: OpenAiCall, answers: readonly Answer[], usage: Usage): Reply {
  const { profile, body, pace } = call;
  const wantsUsage = objectOf(body.stream_options).include_usage === true;
  const encode = (choices: readonly Member[], rest: JsonObject): string =>
    encodeJson(envelopeOf(call, "chat.completion.chunk", { choices, ...rest }), profile.eventJson);
  let hasContent = false;
  const chunks = interleave(answers.map((answer) => deltasOf(profile, answer))).map((delta): StreamEvent => {
    const delayMs = delayOf(delta.role, !hasContent, pace);
    if (delta.role === "content") hasContent = true;
    const nullUsage = wantsUsage && profile.hasNullUsage ? { usage: null } : {};
    const isTimed = profile.hasTimings && delta.role === "finish" && !wantsUsage;
    const rest = { ...nullUsage, ...(isTimed ? { timings: timingsOf(usage) } : {}) };
    return { role: delta.role, data: encode([chunkChoice(call, delta)], rest), delayMs };
  });
  const rest = { usage, ...(profile.hasTimings ? { timings: timingsOf(usage) } : {}) };
  const last: StreamEvent | undefined = wantsUsage
    ? { role: "usage", data: encode([], rest), delayMs: 0 }
    : undefined;
  return eventReply(profile.streamHeaders, "sse", wrapEvents(call, chunks, last));
}

/** Pause before a reply that comes in one piece: as long as its stream would take. */
export function waitFor(reply: Reply, pace: Pace, tokens: number): Reply {
  const ms = pace.firstTokenDelayMs + pace.tokenDelayMs * Math.max(0, tokens - 1);
  return ms === 0 ? reply : { ...reply, prelude: [...reply.prelude, { type: "wait", ms }] };
}

/** Answers POST /v1/chat/completions. */
export function answerChat(call: OpenAiCall): Reply {
  const { pace } = readModelName(String(call.body.model), call.pace);
  const paced = { ...call, pace };
  const count = Math.max(1, numberOf(call.body.n) ?? 1);
  const questions = Array.from({ length: count }, (_, choice) => readChatQuestion(call.body, choice));
  const answers = questions.map((question) => answerTo(question, pace));
  const tokens = answers.reduce((sum, answer) => sum + countAnswer(answer), 0);
  const usage = usageOf(call.profile, questions[0]?.promptTokens ?? 0, tokens);
  if (call.body.stream === true) return streamChat(paced, answers, usage);
  const choices = questions.map((question, at) =>
    choiceOf(call, question, answers[at] ?? answerTo(question, pace)),
  );
  const rest = { usage, ...(call.profile.hasTimings ? { timings: timingsOf(usage) } : {}) };
  const body = envelopeOf(call, "chat.completion", { choices, ...rest });
  return waitFor(
    wholeReply(200, call.profile.jsonHeaders, encodeJson(body, call.profile.json)),
    pace,
    tokens,
  );
}
