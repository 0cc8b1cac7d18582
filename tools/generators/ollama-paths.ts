import { list, ref, type Schema } from "./inference-schemas.ts";

const json = (schema: Schema) => ({ "application/json": { schema } });
const lines = { "application/x-ndjson": { schema: { type: "string" } } };
const failure = { description: "What went wrong.", content: json(ref("OllamaError")) };
const text = { type: "string" } as const;
const object = { type: "object" } as const;
const named = { type: "object", required: ["model"], properties: { model: text } } as const;

/** Fields of both ways to have text made. */
const generation = {
  model: { type: "string", description: "A name of `/api/tags`, with or without the tag `latest`." },
  stream: { type: "boolean", default: true },
  options: { type: "object", description: "`temperature`, `num_predict`, `stop`, …" },
  format: { description: '`"json"`, or a JSON Schema.', anyOf: [text, object] },
  think: { description: "Whether, or how much, the model is to think.", anyOf: [{ type: "boolean" }, text] },
  keep_alive: {
    description: "`0` without a question has the model leave the memory.",
    anyOf: [text, { type: "number" }],
  },
} as const;

const passedOn =
  "What is not listed is passed on to a server of Ollama, and else refused with 400; none is dropped in silence.";

interface Endpoint {
  readonly id: string;
  readonly summary: string;
  readonly request?: Schema;
  readonly answer: object;
  readonly isPublic?: boolean;
}

function endpoint({ id, summary, request, answer, isPublic = false }: Endpoint): object {
  return {
    operationId: `ollama_api.${id}`,
    tags: ["ollama"],
    summary,
    ...(isPublic ? { security: [{}] } : {}),
    ...(request === undefined ? {} : { requestBody: { required: true, content: json(request) } }),
    responses: { "200": { description: "The answer.", content: answer }, default: failure },
  };
}

function call(required: readonly string[], properties: Schema): Schema {
  return { type: "object", description: passedOn, required, additionalProperties: true, properties };
}

/** Ollama's own API, as its clients know it. */
export const ollamaPaths: Readonly<Record<string, Readonly<Record<string, object>>>> = {
  "/": {
    get: endpoint({
      id: "root",
      summary: "That the server runs, as Ollama says it.",
      answer: { "text/plain": { schema: text } },
      isPublic: true,
    }),
  },
  "/api/version": {
    get: endpoint({
      id: "version",
      summary: "The version of Ollama's API that is served.",
      answer: json({ type: "object", required: ["version"], properties: { version: text } }),
      isPublic: true,
    }),
  },
  "/api/chat": {
    post: endpoint({
      id: "chat",
      summary: "Answers a conversation, for every model. Without messages the model is brought into memory.",
      request: call(["model"], { ...generation, messages: list(object), tools: list(object) }),
      answer: { ...lines, ...json(object) },
    }),
  },
  "/api/generate": {
    post: endpoint({
      id: "generate",
      summary: "Answers a prompt, for every model. Without one the model is brought into memory.",
      request: call(["model"], {
        ...generation,
        prompt: text,
        system: text,
        suffix: text,
        images: list(text),
        raw: { type: "boolean", description: "The prompt goes to the model as it stands." },
      }),
      answer: { ...lines, ...json(object) },
    }),
  },
  "/api/embed": {
    post: endpoint({
      id: "embed",
      summary: "Turns texts into vectors.",
      request: call(["model"], {
        model: text,
        input: { anyOf: [text, list(text)] },
        dimensions: { type: "integer" },
      }),
      answer: json({
        type: "object",
        required: ["model", "embeddings"],
        properties: { model: text, embeddings: list(list({ type: "number" })) },
      }),
    }),
  },
  "/api/embeddings": {
    post: endpoint({
      id: "embeddings",
      summary: "The older way to turn one text into a vector.",
      request: call(["model"], { model: text, prompt: text }),
      answer: json({
        type: "object",
        required: ["embedding"],
        properties: { embedding: list({ type: "number" }) },
      }),
    }),
  },
  "/api/tags": {
    get: endpoint({
      id: "tags",
      summary: "Every model, of whatever integration.",
      answer: json({ type: "object", required: ["models"], properties: { models: list(object) } }),
    }),
  },
  "/api/ps": {
    get: endpoint({
      id: "ps",
      summary: "Models in memory.",
      answer: json({ type: "object", required: ["models"], properties: { models: list(object) } }),
    }),
  },
  "/api/show": {
    post: endpoint({ id: "show", summary: "What a model is.", request: named, answer: json(object) }),
  },
  "/api/pull": {
    post: endpoint({
      id: "pull",
      summary: "Has an Ollama server fetch a model, and tells line by line how far it is.",
      request: { ...named, properties: { model: text, stream: { type: "boolean", default: true } } },
      answer: lines,
    }),
  },
  "/api/copy": {
    post: endpoint({
      id: "copy",
      summary: "Gives a model a further name.",
      request: {
        type: "object",
        required: ["source", "destination"],
        properties: { source: text, destination: text },
      },
      answer: {},
    }),
  },
  "/api/delete": {
    delete: endpoint({ id: "delete", summary: "Deletes a model.", request: named, answer: {} }),
  },
  "/api/create": {
    post: endpoint({
      id: "create",
      summary: "Makes a copy of the model `from`. Anything else is refused with 400.",
      request: { type: "object", required: ["model", "from"], properties: { model: text, from: text } },
      answer: { ...lines, ...json(object) },
    }),
  },
};
