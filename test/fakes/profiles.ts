import type { HeaderPairs, SseStyle } from "./reply.ts";
import { plainSse } from "./reply.ts";

/** The families of OpenAI-speaking servers that the fake can be. */
export const profileNames = ["openai", "vllm", "llama-cpp", "localai", "textgen", "lm-studio"] as const;
export type ProfileName = (typeof profileNames)[number];

/** `compact` as JavaScript and C++ write it, `spaced` as Python's json.dumps does, `pretty` with indents. */
export type JsonStyle = "compact" | "spaced" | "pretty";

/** What tells one server family from another on the wire. */
export type Profile = {
  readonly name: ProfileName;
  /** How a whole body is written. */
  readonly json: JsonStyle;
  /** How the JSON of a stream event is written. */
  readonly eventJson: JsonStyle;
  readonly jsonHeaders: HeaderPairs;
  readonly streamHeaders: HeaderPairs;
  readonly sse: SseStyle;
  /** Comment sent before the first event, as proxies and sse-starlette do. */
  readonly openingComment: string | undefined;
  readonly ownedBy: string;
  /** A server with one loaded model answers to any name. */
  readonly takesAnyModel: boolean;
  /** Sends `usage: null` in every chunk but the last when usage was asked for. */
  readonly hasNullUsage: boolean;
  readonly systemFingerprint: string | undefined;
  /** Member of a message and of a delta that carries the reasoning, where the family has one. */
  readonly reasoningField: string | undefined;
  /** Members that the family adds to the message of a whole chat reply, many of them null. */
  readonly messageExtras: { readonly [key: string]: unknown };
  /** Members that the family adds to a whole chat reply. */
  readonly replyExtras: { readonly [key: string]: unknown };
  /** Members that the family adds to each choice of a chat reply. */
  readonly choiceExtras: { readonly [key: string]: unknown };
  /** Sends llama.cpp's `timings` with the end of a reply. */
  readonly hasTimings: boolean;
};

const fastApi = {
  jsonHeaders: [
    ["server", "uvicorn"],
    ["content-type", "application/json"],
  ],
  streamHeaders: [
    ["server", "uvicorn"],
    ["content-type", "text/event-stream; charset=utf-8"],
  ],
} as const;

const plain = {
  json: "compact",
  eventJson: "compact",
  sse: plainSse,
  openingComment: undefined,
  ownedBy: "fake",
  takesAnyModel: false,
  hasNullUsage: false,
  systemFingerprint: undefined,
  reasoningField: undefined,
  messageExtras: {},
  replyExtras: {},
  choiceExtras: {},
  hasTimings: false,
} as const;

const profiles: { readonly [name in ProfileName]: Profile } = {
  openai: {
    ...plain,
    name: "openai",
    jsonHeaders: [
      ["Content-Type", "application/json"],
      ["openai-processing-ms", "12"],
      ["openai-version", "2020-10-01"],
      ["x-ratelimit-limit-requests", "10000"],
      ["x-ratelimit-remaining-requests", "9999"],
      ["x-ratelimit-reset-requests", "6ms"],
    ],
    streamHeaders: [
      ["Content-Type", "text/event-stream; charset=utf-8"],
      ["openai-processing-ms", "12"],
      ["openai-version", "2020-10-01"],
    ],
    ownedBy: "system",
    hasNullUsage: true,
    systemFingerprint: "fp_fa4e5ee300",
    messageExtras: { refusal: null, annotations: [] },
  },
  vllm: {
    ...plain,
    ...fastApi,
    name: "vllm",
    ownedBy: "vllm",
    reasoningField: "reasoning_content",
    messageExtras: {
      refusal: null,
      annotations: null,
      audio: null,
      function_call: null,
      tool_calls: [],
      reasoning_content: null,
    },
    replyExtras: {
      service_tier: null,
      system_fingerprint: null,
      prompt_logprobs: null,
      kv_transfer_params: null,
    },
    choiceExtras: { stop_reason: null },
  },
  "llama-cpp": {
    ...plain,
    name: "llama-cpp",
    jsonHeaders: [
      ["Server", "llama.cpp"],
      ["Access-Control-Allow-Origin", ""],
      ["Content-Type", "application/json; charset=utf-8"],
    ],
    streamHeaders: [
      ["Server", "llama.cpp"],
      ["Access-Control-Allow-Origin", ""],
      ["Content-Type", "text/event-stream"],
    ],
    ownedBy: "llamacpp",
    takesAnyModel: true,
    systemFingerprint: "b6500-fa4e5ee3",
    reasoningField: "reasoning_content",
    hasTimings: true,
  },
  localai: {
    ...plain,
    name: "localai",
    jsonHeaders: [
      ["Content-Type", "application/json"],
      ["X-Correlation-Id", "5e0e5bb6-0000-4000-8000-000000000000"],
    ],
    streamHeaders: [
      ["Content-Type", "text/event-stream"],
      ["Cache-Control", "no-cache"],
      ["Connection", "keep-alive"],
      ["X-Correlation-Id", "5e0e5bb6-0000-4000-8000-000000000000"],
    ],
  },
  textgen: {
    ...plain,
    ...fastApi,
    name: "textgen",
    eventJson: "spaced",
    openingComment: "ping - 2026-11-23 06:00:00.000000+00:00",
    ownedBy: "user",
    takesAnyModel: true,
    reasoningField: "reasoning_content",
  },
  "lm-studio": {
    ...plain,
    name: "lm-studio",
    json: "pretty",
    jsonHeaders: [
      ["X-Powered-By", "Express"],
      ["Content-Type", "application/json; charset=utf-8"],
      ["ETag", 'W/"1a-fake"'],
      ["Connection", "keep-alive"],
      ["Keep-Alive", "timeout=5"],
    ],
    streamHeaders: [
      ["X-Powered-By", "Express"],
      ["Content-Type", "text/event-stream"],
      ["Cache-Control", "no-cache"],
      ["Connection", "keep-alive"],
    ],
    ownedBy: "organization_owner",
    takesAnyModel: true,
    reasoningField: "reasoning_content",
  },
};

export function profileOf(name: ProfileName): Profile {
  return profiles[name];
}

/** Python's json.dumps puts a space after commas and colons outside of strings, and escapes what is not ASCII. */
function spaceOut(json: string): string {
  const spaced = json.replace(/"(?:[^"\\]|\\.)*"|[,:]/g, (token) =>
    token.length === 1 ? `${token} ` : token,
  );
  return spaced.replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** JSON text in the given style; the value is the same in all of them. */
export function encodeJson(value: unknown, style: JsonStyle): string {
  if (style === "pretty") return JSON.stringify(value, undefined, 2);
  const json = JSON.stringify(value);
  return style === "spaced" ? spaceOut(json) : json;
}
