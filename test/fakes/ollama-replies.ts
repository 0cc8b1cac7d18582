import { embeddingOf, type Pace, tokensOf } from "./answer.ts";
import type { ReceivedRequest } from "./http-exchange.ts";
import { isObject, type JsonObject, numberOf, objectOf, parseJson, textOf } from "./json-read.ts";
import {
  answerOllamaChat,
  answerOllamaGenerate,
  goJson,
  jsonReply,
  notFound,
  notPulled,
  type OllamaCall,
  type OllamaState,
  streamHeaders,
} from "./ollama-chat.ts";
import {
  capabilitiesOf,
  createOllamaModels,
  detailsOf,
  digestOf,
  fixedTime,
  withTag,
} from "./ollama-models.ts";
import { textsOf } from "./openai-question.ts";
import { eventReply, headOnly, type Reply, type StreamEvent, wholeReply } from "./reply.ts";

const version = "0.12.6";
const embeddingSize = 32;
const pullBytes = 1_600_000;
const defaultPullSteps = 4;

export function createOllamaState(parts: {
  readonly models: readonly string[];
  readonly numCtx: number;
  readonly apiKey: string | undefined;
}): OllamaState {
  return { models: createOllamaModels(parts.models), numCtx: parts.numCtx, apiKey: parts.apiKey };
}

/** The model that a request names; older clients say `name`. */
function nameOf(body: JsonObject): string {
  return textOf(body.model) || textOf(body.name);
}

function showModel(call: OllamaCall): Reply {
  const name = nameOf(call.body);
  if (name === "") return jsonReply(400, { error: "model is required" });
  if (!call.state.models.has(name)) return notFound(name);
  const family = textOf(detailsOf(name).family);
  return jsonReply(200, {
    license: "MIT",
    modelfile: `FROM /models/blobs/sha256-${digestOf(withTag(name))}\nTEMPLATE {{ .Prompt }}\n`,
    parameters: 'stop                           "<|end|>"',
    template: "{{ if .System }}{{ .System }}{{ end }}{{ .Prompt }}",
    details: detailsOf(name),
    model_info: {
      "general.architecture": family,
      "general.file_type": 15,
      "general.parameter_count": 800_000,
      [`${family}.context_length`]: call.state.numCtx,
      [`${family}.embedding_length`]: embeddingSize,
      [`${family}.block_count`]: 4,
    },
    capabilities: capabilitiesOf(name),
    modified_at: fixedTime,
  });
}

function embed(call: OllamaCall): Reply {
  const { input } = call.body;
  const isTexts = Array.isArray(input)
    ? input.every((each) => typeof each === "string")
    : typeof input === "string";
  if (input !== undefined && !isTexts) return jsonReply(400, { error: "invalid input type" });
  const name = nameOf(call.body);
  if (!call.state.models.has(name)) return notPulled(name);
  const inputs = textsOf(input).filter((text) => text !== "" || Array.isArray(input));
  const counts = inputs.map((input) => tokensOf(input).length);
  const numCtx = numberOf(objectOf(call.body.options).num_ctx) ?? call.state.numCtx;
  if (call.body.truncate === false && counts.some((count) => count > numCtx)) {
    return jsonReply(400, { error: "input length exceeds maximum context length" });
  }
  call.state.models.touch(name, call.body.keep_alive);
  if (inputs.length === 0) return jsonReply(200, { model: call.body.model, embeddings: [] });
  const size = numberOf(call.body.dimensions) ?? embeddingSize;
  return jsonReply(200, {
    model: call.body.model,
    embeddings: inputs.map((input) => embeddingOf(input, size)),
    total_duration: 14_143_917,
    load_duration: 1_019_500,
    prompt_eval_count: counts.reduce((sum, count) => sum + Math.min(count, numCtx), 0),
  });
}

/** The lines of a pull. Names with `missing` in them are not in the registry. The model is there once `success` is sent. */
function pullLines(call: OllamaCall): readonly StreamEvent[] {
  const name = nameOf(call.body);
  const line = (value: JsonObject, delayMs = 0): StreamEvent => ({
    role: "other",
    data: goJson(value),
    delayMs,
  });
  const start = line({ status: "pulling manifest" }, call.pace.firstTokenDelayMs);
  if (name.includes("missing")) return [start, line({ error: "pull model manifest: file does not exist" })];
  const hex = digestOf(withTag(name));
  const status = `pulling ${hex.slice(0, 12)}`;
  const steps = call.pace.chunks ?? defaultPullSteps;
  const progress = Array.from({ length: steps + 1 }, (_, at) => {
    // Go leaves out a count of zero.
    const completed = at === 0 ? {} : { completed: Math.round((pullBytes * at) / steps) };
    return line({ status, digest: `sha256:${hex}`, total: pullBytes, ...completed }, call.pace.tokenDelayMs);
  });
  const success = { ...line({ status: "success" }), onReached: () => call.state.models.add(name) };
  return [
    start,
    ...progress,
    line({ status: "verifying sha256 digest" }),
    line({ status: "writing manifest" }),
    success,
  ];
}

function pull(call: OllamaCall): Reply {
  const name = nameOf(call.body);
  if (call.body.stream !== false) return eventReply(streamHeaders, "ndjson", pullLines(call));
  if (name.includes("missing"))
    return wholeReply(500, plainJson, goJson({ error: "pull model manifest: file does not exist" }));
  call.state.models.add(name);
  return wholeReply(200, plainJson, goJson({ status: "success" }));
}

function remove(call: OllamaCall): Reply {
  const name = nameOf(call.body);
  return call.state.models.remove(name) ? wholeReply(200, [], "") : notFound(name);
}

function copy(call: OllamaCall): Reply {
  const source = textOf(call.body.source);
  if (!call.state.models.has(source)) return jsonReply(404, { error: `model "${source}" not found` });
  call.state.models.add(textOf(call.body.destination));
  return wholeReply(200, [], "");
}

const plainJson = [["Content-Type", "application/json"]] as const;

/** Makes a model of another: nothing but the name is kept of it. */
function create(call: OllamaCall): Reply {
  const from = textOf(call.body.from);
  const isStream = call.body.stream !== false;
  const lines = (values: readonly JsonObject[]): Reply =>
    eventReply(
      streamHeaders,
      "ndjson",
      values.map((value) => ({ role: "other", data: goJson(value), delayMs: 0 })),
    );
  if (from === "") {
    const error = "neither 'from' or 'files' was specified";
    return isStream ? lines([{ error, status: 400 }]) : wholeReply(400, plainJson, goJson({ error }));
  }
  call.state.models.add(nameOf(call.body));
  if (!isStream) return wholeReply(200, plainJson, goJson({ status: "success" }));
  const layer = { status: `using existing layer sha256:${digestOf(withTag(from))}` };
  return lines([layer, { status: "writing manifest" }, { status: "success" }]);
}

const bodyRoutes: { readonly [route: string]: (call: OllamaCall) => Reply } = {
  "POST /api/chat": answerOllamaChat,
  "POST /api/generate": answerOllamaGenerate,
  "POST /api/show": showModel,
  "POST /api/embed": embed,
  "POST /api/pull": pull,
  "POST /api/copy": copy,
  "POST /api/create": create,
  "DELETE /api/delete": remove,
};

function readReply(state: OllamaState, path: string): Reply | undefined {
  switch (path) {
    case "/":
      return wholeReply(200, [["Content-Type", "text/plain; charset=utf-8"]], "Ollama is running");
    case "/api/version":
      return jsonReply(200, { version });
    case "/api/tags":
      return jsonReply(200, { models: state.models.list() });
    case "/api/ps":
      return jsonReply(200, { models: state.models.loaded() });
    default:
      return undefined;
  }
}

/** What Ollama's web framework says to a path that it does not have, or not for the method. */
function noRoute(path: string): Reply {
  const allowed = Object.keys(bodyRoutes)
    .find((route) => route.endsWith(` ${path}`))
    ?.split(" ")[0];
  const text = [["Content-Type", "text/plain"]] as const;
  if (allowed === undefined) return wholeReply(404, text, "404 page not found");
  return wholeReply(405, [["Allow", allowed], ...text], "405 method not allowed");
}

/** Answers a request as a healthy Ollama would. */
export function answerOllama(state: OllamaState, request: ReceivedRequest, pace: Pace): Reply {
  const isRead = request.method === "GET" || request.method === "HEAD";
  if (state.apiKey !== undefined && request.header("authorization") !== `Bearer ${state.apiKey}`) {
    return jsonReply(401, { error: "unauthorized" });
  }
  const read = isRead ? readReply(state, request.path) : undefined;
  if (read !== undefined) return request.method === "HEAD" ? headOnly(read) : read;
  const route = bodyRoutes[`${request.method} ${request.path}`];
  if (route === undefined) return noRoute(request.path);
  if (request.bodyBytes.byteLength === 0) return jsonReply(400, { error: "missing request body" });
  const parsed = parseJson(request.bodyText);
  if (parsed === undefined)
    return jsonReply(400, { error: "invalid character 'x' looking for beginning of value" });
  if (!isObject(parsed.value))
    return jsonReply(400, { error: "json: cannot unmarshal array into Go value of type api.ChatRequest" });
  return route({ state, body: parsed.value, pace });
}
