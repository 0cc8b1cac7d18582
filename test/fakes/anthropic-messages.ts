import {
  type Answer,
  answerTo,
  countAnswer,
  type Pace,
  type Question,
  readModelName,
  stableId,
} from "./answer.ts";
import { readMessagesQuestion } from "./anthropic-question.ts";
import { type JsonObject, parseJson } from "./json-read.ts";
import { waitFor } from "./openai-chat.ts";
import {
  type EventRole,
  eventReply,
  type HeaderPairs,
  type Reply,
  type StreamEvent,
  wholeReply,
} from "./reply.ts";

/** Headers that Anthropic adds to what it answers. */
const ownHeaders: HeaderPairs = [
  ["anthropic-ratelimit-requests-limit", "50"],
  ["anthropic-ratelimit-requests-remaining", "49"],
  ["request-id", "req_fake"],
  ["anthropic-organization-id", "00000000-0000-4000-8000-000000000000"],
];
export const anthropicJsonHeaders: HeaderPairs = [["Content-Type", "application/json"], ...ownHeaders];
const streamHeaders: HeaderPairs = [
  ["Content-Type", "text/event-stream; charset=utf-8"],
  ["Cache-Control", "no-cache"],
  ...ownHeaders,
];

const stopReasons = { stop: "end_turn", length: "max_tokens", tool_calls: "tool_use" } as const;
const signature = "EqQBCgIYAhIkZmFrZQ==";

interface Message {
  readonly head: JsonObject;
  readonly question: Question;
  readonly answer: Answer;
}

/** Answers `POST /v1/messages`. */
export function answerMessages(body: JsonObject, hash: string, given: Pace): Reply {
  const { pace } = readModelName(String(body.model), given);
  const question = readMessagesQuestion(body);
  const answer = answerTo(question, pace);
  const head = { id: `msg_01${hash}`, type: "message", role: "assistant", model: body.model };
  const message = { head, question, answer };
  if (body.stream === true) return eventReply(streamHeaders, "sse", streamEvents(message, pace));
  const whole = {
    ...head,
    content: blocksOf(message).map(({ block }) => block),
    ...endOf(message),
    usage: usageOf(question, countAnswer(answer)),
  };
  return waitFor(wholeReply(200, anthropicJsonHeaders, JSON.stringify(whole)), pace, countAnswer(answer));
}

function usageOf({ promptTokens }: Question, outputTokens: number): JsonObject {
  return {
    input_tokens: promptTokens,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
    output_tokens: outputTokens,
    service_tier: "standard",
  };
}

/** Which of the words to stop at has stopped the answer, if one has. */
function stopWordOf({ question, answer }: Message): string | undefined {
  const said = `echo: ${question.lastText}`;
  const word = question.stop.find((each) => said.includes(each));
  return answer.ending === "stop" && question.toolResult === undefined ? word : undefined;
}

function endOf(message: Message): JsonObject {
  const word = stopWordOf(message);
  const reason = word === undefined ? stopReasons[message.answer.ending] : "stop_sequence";
  return { stop_reason: reason, stop_sequence: word ?? null };
}

interface Block {
  /** As it stands in a whole reply. */
  readonly block: JsonObject;
  /** As it begins in a stream, and what follows. */
  readonly start: JsonObject;
  readonly deltas: readonly JsonObject[];
}

function blocksOf({ answer, question }: Message): readonly Block[] {
  const thinking: Block = {
    block: { type: "thinking", thinking: answer.thinking.join(""), signature },
    start: { type: "thinking", thinking: "", signature: "" },
    deltas: [
      ...answer.thinking.map((text) => ({ type: "thinking_delta", thinking: text })),
      { type: "signature_delta", signature },
    ],
  };
  const text: Block = {
    block: { type: "text", text: answer.tokens.join("") },
    start: { type: "text", text: "" },
    deltas: answer.tokens.map((token) => ({ type: "text_delta", text: token })),
  };
  const calls = answer.toolCalls.map(({ id, name, argumentsJson }): Block => {
    const tool = { type: "tool_use", id: `toolu_01${stableId(22, id, question.lastText)}`, name };
    const middle = Math.ceil(argumentsJson.length / 2);
    const parts = ["", argumentsJson.slice(0, middle), argumentsJson.slice(middle)];
    return {
      block: { ...tool, input: parseJson(argumentsJson)?.value },
      start: { ...tool, input: {} },
      deltas: parts.map((partial) => ({ type: "input_json_delta", partial_json: partial })),
    };
  });
  return [
    ...(answer.thinking.length === 0 ? [] : [thinking]),
    ...(answer.tokens.length === 0 ? [] : [text]),
    ...calls,
  ];
}

function streamEvents(message: Message, pace: Pace): readonly StreamEvent[] {
  const { head, question, answer } = message;
  let contents = 0;
  // Anthropic fills the data of its events up with blanks, to hide how long the tokens are.
  // oxlint-disable-next-line max-params -- what an event is, read as one line each below
  const event = (role: EventRole, name: string, members: JsonObject, delayMs = 0): StreamEvent => {
    const json = JSON.stringify({ type: name, ...members });
    return { role, name, data: `${json.slice(0, -1)}${" ".repeat(json.length % 7)}}`, delayMs };
  };
  const start = { ...head, content: [], stop_reason: null, stop_sequence: null, usage: usageOf(question, 1) };
  const blocks = blocksOf(message).flatMap(({ start: block, deltas }, index) => [
    event("other", "content_block_start", { index, content_block: block }),
    ...(index === 0 ? [event("other", "ping", {})] : []),
    ...deltas.map((delta) => {
      const delayMs = contents++ === 0 ? 0 : pace.tokenDelayMs;
      return event("content", "content_block_delta", { index, delta }, delayMs);
    }),
    event("other", "content_block_stop", { index }),
  ]);
  const usage = { output_tokens: countAnswer(answer) };
  return [
    event("open", "message_start", { message: start }, pace.firstTokenDelayMs),
    ...blocks,
    event("finish", "message_delta", { delta: endOf(message), usage }),
    event("done", "message_stop", {}),
  ];
}
