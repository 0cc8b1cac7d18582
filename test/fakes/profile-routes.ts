import { encodeJson, type Profile } from "./profiles.ts";
import { type Reply, wholeReply } from "./reply.ts";

/** The part of a fake that the routes of a family speak about. */
export type FamilyState = { readonly profile: Profile; readonly models: readonly string[] };

function textReply(profile: Profile, text: string): Reply {
  const headers = profile.jsonHeaders.map(([name, value]): readonly [string, string] =>
    name.toLowerCase() === "content-type" ? [name, "text/plain; charset=utf-8"] : [name, value],
  );
  return wholeReply(200, headers, text);
}

function studioModel(id: string): object {
  const isEmbedding = id.includes("embed");
  return {
    id,
    object: "model",
    type: isEmbedding ? "embeddings" : "llm",
    publisher: "fake",
    arch: isEmbedding ? "bert" : "llama",
    compatibility_type: "gguf",
    quantization: "Q4_K_M",
    state: isEmbedding ? "not-loaded" : "loaded",
    max_context_length: 4096,
  };
}

function llamaProps(models: readonly string[]): object {
  return {
    default_generation_settings: { id: 0, n_ctx: 4096, is_processing: false },
    total_slots: 4,
    model_path: `/models/${models[0] ?? "none"}.gguf`,
    chat_template: "{% for message in messages %}{{ message.content }}{% endfor %}",
    build_info: "b6500-fa4e5ee3",
  };
}

/** Replies of the family's own routes (health, native model lists); undefined for every other request. */
export function profileReply(state: FamilyState, method: string, path: string): Reply | undefined {
  const { profile, models } = state;
  if (method !== "GET") return undefined;
  const json = (value: unknown): Reply =>
    wholeReply(200, profile.jsonHeaders, encodeJson(value, profile.json));
  switch (`${profile.name} ${path}`) {
    case "vllm /health":
    case "vllm /ping":
      return wholeReply(200, [["server", "uvicorn"]], "");
    case "vllm /version":
      return json({ version: "0.11.0" });
    case "llama-cpp /health":
    case "llama-cpp /v1/health":
      return json({ status: "ok" });
    case "llama-cpp /props":
      return json(llamaProps(models));
    case "localai /readyz":
    case "localai /healthz":
      return textReply(profile, "OK");
    case "textgen /v1/internal/health":
      return json({ status: "ok" });
    case "textgen /v1/internal/model/info":
      return json({ model_name: models[0] ?? "None", lora_names: [], loader: "llama.cpp" });
    case "lm-studio /api/v0/models":
      return json({ object: "list", data: models.map(studioModel) });
    default:
      return undefined;
  }
}
