import {
  answerTo,
  countAnswer,
  embeddingOf,
  readModelName,
  type Pace,
  stableId,
  tokensOf,
} from "./answer.ts";
import type { ReceivedRequest } from "./http-exchange.ts";
import { isObject, type JsonObject, listOf, numberOf, objectOf, parseJson } from "./json-read.ts";
import {
  answerChat,
  createdSeconds,
  delayOf,
  envelopeOf,
  type OpenAiCall,
  usageOf,
  waitFor,
  wrapEvents,
} from "./openai-chat.ts";
import { errorReply } from "./openai-errors.ts";
import { readCompletionQuestion, textsOf } from "./openai-question.ts";
import { encodeJson, type Profile } from "./profiles.ts";
import { profileReply } from "./profile-routes.ts";
import { eventReply, type Reply, type StreamEvent, wholeReply } from "./reply.ts";

/** What an OpenAI-speaking fake is made of. */
export type OpenAiFake = {
  readonly profile: Profile;
  readonly models: readonly string[];
  readonly apiKey: string | undefined;
  readonly pace: Pace;
};

/** Size of an embedding when the request names none. */
const defaultDimensions = 32;

function modelValue(profile: Profile, id: string): JsonObject {
  const value = { id, object: "model", created: createdSeconds, owned_by: profile.ownedBy };
  switch (profile.name) {
    case "vllm":
      return { ...value, root: id, parent: null, max_model_len: 4096, permission: [] };
    case "llama-cpp":
      return {
        ...value,
        meta: {
          vocab_type: 2,
          n_vocab: 32000,
          n_ctx_train: 4096,
          n_embd: 32,
          n_params: 800000,
          size: 1600000,
        },
      };
    case "localai":
      return { id, object: "model" };
    case "lm-studio":
      return { id, object: "model", owned_by: profile.ownedBy };
    default:
      return value;
  }
}

function listModels(fake: OpenAiFake): Reply {
  const data = fake.models.map((id) => modelValue(fake.profile, id));
  const list = { object: "list", data };
  const models = fake.models.map((name) => ({
    name,
    model: name,
    type: "model",
    capabilities: ["completion"],
  }));
  const value = fake.profile.name === "llama-cpp" ? { models, ...list } : list;
  return wholeReply(200, fake.profile.jsonHeaders, encodeJson(value, fake.profile.json));
}

function modelNotFound(profile: Profile, model: string): Reply {
  const message =
    profile.name === "openai"
      ? `The model \`${model}\` does not exist or you do not have access to it.`
      : `The model \`${model}\` does not exist.`;
  return errorReply(profile, {
    status: 404,
    message,
    type: "invalid_request_error",
    code: "model_not_found",
  });
}

function showModel(fake: OpenAiFake, id: string): Reply {
  if (!fake.models.includes(id)) return modelNotFound(fake.profile, id);
  return wholeReply(
    200,
    fake.profile.jsonHeaders,
    encodeJson(modelValue(fake.profile, id), fake.profile.json),
  );
}

function completionChoice(text: string, index: number, ending: string | null): JsonObject {
  return { text, index, logprobs: null, finish_reason: ending };
}

function answerCompletion(call: OpenAiCall): Reply {
  const { pace } = readModelName(String(call.body.model), call.pace);
  const prompts = textsOf(call.body.prompt);
  const perPrompt = Math.max(1, numberOf(call.body.n) ?? 1);
  const questions = (prompts.length === 0 ? [""] : prompts).flatMap((prompt) =>
    Array.from({ length: perPrompt }, (_, choice) => readCompletionQuestion(call.body, prompt, choice)),
  );
  const answers = questions.map((question) => answerTo(question, pace));
  const tokens = answers.reduce((sum, answer) => sum + countAnswer(answer), 0);
  const promptTokens = questions.reduce((sum, question) => sum + question.promptTokens, 0) / perPrompt;
  const usage = usageOf(call.profile, promptTokens, tokens);
  const value = (choices: readonly JsonObject[], rest: JsonObject): JsonObject =>
    envelopeOf(call, "text_completion", { choices, ...rest });
  if (call.body.stream !== true) {
    const choices = answers.map((answer, at) => completionChoice(answer.tokens.join(""), at, answer.ending));
    const json = encodeJson(value(choices, { usage }), call.profile.json);
    return waitFor(wholeReply(200, call.profile.jsonHeaders, json), pace, tokens);
  }
  const event = (role: "content" | "finish" | "usage", data: JsonObject, delayMs: number): StreamEvent => {
    return { role, data: encodeJson(data, call.profile.eventJson), delayMs };
  };
  const chunks = answers.flatMap((answer, index) => [
    ...answer.tokens.map((token, at) => {
      const delayMs = index === 0 && at === 0 ? delayOf("open", true, pace) : delayOf("content", false, pace);
      return event("content", value([completionChoice(token, index, null)], {}), delayMs);
    }),
    event("finish", value([completionChoice("", index, answer.ending)], {}), 0),
  ]);
  const wantsUsage = objectOf(call.body.stream_options).include_usage === true;
  const last = wantsUsage ? event("usage", value([], { usage }), 0) : undefined;
  return eventReply(call.profile.streamHeaders, "sse", wrapEvents(call, chunks, last));
}

function encodeEmbedding(vector: readonly number[], format: unknown): unknown {
  if (format !== "base64") return vector;
  return Buffer.from(Float32Array.from(vector).buffer).toString("base64");
}

function answerEmbeddings(call: OpenAiCall): Reply {
  const { body, profile } = call;
  // A list of numbers is one input given as token ids, a list of such lists is a batch of them.
  const list = listOf(body.input);
  const isBatch = list.length > 0 && typeof list[0] !== "number";
  const inputs = (isBatch ? list : [body.input]).map((input) =>
    typeof input === "string" ? input : listOf(input).join(" "),
  );
  if (body.input === undefined || inputs.some((input) => input === "")) {
    const message = "'$.input' is invalid. Please check the API reference.";
    return errorReply(profile, { status: 400, message, type: "invalid_request_error", param: "input" });
  }
  const dimensions = numberOf(body.dimensions) ?? defaultDimensions;
  const data = inputs.map((input, index) => {
    return {
      object: "embedding",
      index,
      embedding: encodeEmbedding(embeddingOf(input, dimensions), body.encoding_format),
    };
  });
  const tokens = inputs.reduce((sum, input) => sum + tokensOf(input).length, 0);
  const usage = { prompt_tokens: tokens, total_tokens: tokens };
  const value = { object: "list", data, model: body.model, usage };
  return wholeReply(200, profile.jsonHeaders, encodeJson(value, profile.json));
}

const inferenceRoutes: { readonly [path: string]: (call: OpenAiCall) => Reply } = {
  "/v1/chat/completions": answerChat,
  "/v1/completions": answerCompletion,
  "/v1/embeddings": answerEmbeddings,
};

function answerInference(
  fake: OpenAiFake,
  request: ReceivedRequest,
  route: (call: OpenAiCall) => Reply,
): Reply {
  const { profile } = fake;
  const refuse = (message: string, param?: string): Reply =>
    errorReply(profile, {
      status: 400,
      message,
      type: "invalid_request_error",
      ...(param === undefined ? {} : { param }),
    });
  const parsed = parseJson(request.bodyText);
  if (parsed === undefined || !isObject(parsed.value)) {
    return refuse("We could not parse the JSON body of your request.");
  }
  const body = parsed.value;
  if (typeof body.model !== "string" && !profile.takesAnyModel)
    return refuse("you must provide a model parameter", "model");
  const { model } = readModelName(String(body.model), fake.pace);
  if (!profile.takesAnyModel && !fake.models.includes(model)) return modelNotFound(profile, model);
  if (request.path === "/v1/chat/completions" && !Array.isArray(body.messages)) {
    return refuse("Missing required parameter: 'messages'.", "messages");
  }
  return route({ body, hash: stableId(29, request.bodyText), profile, pace: fake.pace });
}

/** Answers a request as a healthy server of the profile's family would. */
export function answerOpenAi(fake: OpenAiFake, request: ReceivedRequest): Reply {
  const { profile } = fake;
  const { path, method } = request;
  const open = profileReply(fake, method, path);
  if (open !== undefined) return open;
  if (fake.apiKey !== undefined && request.header("authorization") !== `Bearer ${fake.apiKey}`) {
    const message = "Incorrect API key provided.";
    return errorReply(profile, {
      status: 401,
      message,
      type: "invalid_request_error",
      code: "invalid_api_key",
    });
  }
  const route = inferenceRoutes[path];
  if (route !== undefined && method === "POST") return answerInference(fake, request, route);
  if (path === "/v1/models" && method === "GET") return listModels(fake);
  if (path.startsWith("/v1/models/") && method === "GET") {
    return showModel(fake, decodeURIComponent(path.slice("/v1/models/".length)));
  }
  const message = `Invalid URL (${method} ${path})`;
  return errorReply(profile, { status: 404, message, type: "invalid_request_error" });
}
