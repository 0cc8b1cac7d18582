import {
  arrayAt,
  type Call,
  type Codec,
  type IntegrationContext,
  isJsonObject,
  type JsonObject,
  type LoadedModel,
  type ModelPlatform,
  type Operation,
  PlatformError,
  type Reply,
} from "@llm-platform/kit";
import { type ControlAnswer, type ControlClient, expectObject, expectSuccess } from "../control-client.ts";
import type { ModelWatch } from "../model-watch.ts";
import { toRequestHeaders } from "../request-headers.ts";
import type { ServerAddress } from "../server-address.ts";
import { encodeCreate } from "./encode-create.ts";
import type { ModelCatalog } from "./model-catalog.ts";
import { toLoadedModel, withTag } from "./model-facts.ts";
import { pullModel } from "./pull-model.ts";
import { toReplyError } from "./reply-error.ts";
import type { OllamaSettings } from "./settings.ts";

/** Loading a large model from a slow disk takes minutes. The platform's bound for a local load. */
const loadDeadlineMs = 600_000;
/** It writes what is new beside the layers of the other model. */
const createDeadlineMs = 60_000;

interface OllamaPlatformParts {
  readonly context: IntegrationContext<OllamaSettings>;
  readonly client: ControlClient;
  readonly address: ServerAddress;
  readonly catalog: ModelCatalog;
  readonly watch: ModelWatch;
  readonly codec: Codec;
}

interface Question {
  readonly body: JsonObject;
  readonly signal: AbortSignal;
  readonly deadlineMs?: number;
}

/** The models of one Ollama, with everything that can be done with them. */
export function createOllamaPlatform(parts: OllamaPlatformParts): ModelPlatform {
  const { client, catalog, watch } = parts;
  const { origin, prefix } = parts.address;
  const { settings } = parts.context;
  const limits = settings.max_connections === undefined ? {} : { maxConnections: settings.max_connections };
  const upstream = parts.context.upstream(origin, limits);
  const headers = toRequestHeaders({
    apiKey: settings.api_key,
    accept: "application/x-ndjson, application/json",
  });
  const paths: Readonly<Record<Operation, string>> = {
    chat: `${prefix}/api/chat`,
    completion: `${prefix}/api/generate`,
    embedding: `${prefix}/api/embed`,
  };

  function send(call: Call): Promise<Reply> {
    return upstream.send({
      method: "POST",
      path: paths[call.operation],
      headers,
      traceparent: call.traceparent,
      body: call.body,
      cancellation: call.cancellation,
      dialect: "ollama",
    });
  }

  /** Asks about one model; a 404 says that it is not there. */
  async function askAbout(path: string, question: Question): Promise<ControlAnswer> {
    const answer = await client.ask({ ...question, path: `${prefix}${path}` });
    expectModel(answer);
    return answer;
  }

  async function load(model: string, signal: AbortSignal): Promise<void> {
    const body: JsonObject = {
      model,
      ...(settings.keep_alive === undefined ? {} : { keep_alive: settings.keep_alive }),
      ...(settings.context_tokens === undefined ? {} : { options: { num_ctx: settings.context_tokens } }),
    };
    const ask = { signal, deadlineMs: loadDeadlineMs };
    if (catalog.onlyEmbeds(model)) await askAbout("/api/embed", { body: { ...body, input: [] }, ...ask });
    else await askAbout("/api/generate", { body: { ...body, stream: false }, ...ask });
  }

  return {
    provider: "ollama",
    dialectFor: () => "ollama",
    codec: parts.codec,
    list: watch.list,
    send,
    async show(model, signal) {
      return expectObject(await askAbout("/api/show", { body: { model }, signal }), "a model's description");
    },
    async loaded(signal) {
      const answer = expectObject(
        await client.ask({ path: `${prefix}/api/ps`, signal }),
        "the list of loaded models",
      );
      catalog.noteLoaded(answer);
      return arrayAt(answer, "models")
        .filter(isJsonObject)
        .flatMap((entry): readonly LoadedModel[] => {
          const model = toLoadedModel(entry);
          return model === undefined ? [] : [model];
        });
    },
    load,
    async unload(model, signal) {
      await askAbout("/api/generate", { body: { model, keep_alive: 0, stream: false }, signal });
    },
    async pull(model, options) {
      await pullModel(client, { path: `${prefix}/api/pull`, model, options });
      await watch.list(options.signal);
    },
    async copy(model, destination, signal) {
      expectModel(
        await client.ask({ path: `${prefix}/api/copy`, body: { source: model, destination }, signal }),
      );
      await watch.list(signal);
    },
    async create(model, from, settings) {
      const { signal } = parts.context;
      // Ollama writes over a model of the same name.
      if ((await watch.list(signal)).some(({ id }) => id === withTag(model)))
        throw new PlatformError("conflict", `Ollama has a model '${model}' already. Choose another name.`, {
          field: "model",
        });
      await askAbout("/api/create", {
        body: encodeCreate({ model, from, settings }),
        signal,
        deadlineMs: createDeadlineMs,
      });
      await watch.list(signal);
    },
    async delete(model, signal) {
      expectModel(
        await client.ask({
          path: `${prefix}/api/delete`,
          method: "DELETE",
          body: { model },
          signal,
        }),
      );
      await watch.list(signal);
    },
  };
}

/** Throws PlatformError when the server did not do what it was asked about a model. */
function expectModel(answer: ControlAnswer): void {
  const { status, json } = answer;
  if (status === 404)
    throw new PlatformError("model_not_found", "Ollama does not have this model. Pull it first.");
  if (status >= 400 && status !== 401 && status !== 403 && isJsonObject(json)) throw toReplyError(json.error);
  expectSuccess(answer, "a model");
}
