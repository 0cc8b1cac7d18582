import { type Json, type JsonObject, PlatformError } from "@llm-platform/kit";

interface NewModel {
  readonly model: string;
  readonly from: string;
  /** In the platform's words. */
  readonly settings: JsonObject;
}

/** Ollama's names of the parameters of a model, by those of the platform. */
const parameterNames: Readonly<Record<string, string>> = {
  context_tokens: "num_ctx",
  gpu_layers: "num_gpu",
  threads: "num_thread",
  batch_tokens: "num_batch",
  max_tokens: "num_predict",
  temperature: "temperature",
  top_p: "top_p",
  top_k: "top_k",
  min_p: "min_p",
  repeat_penalty: "repeat_penalty",
  frequency_penalty: "frequency_penalty",
  presence_penalty: "presence_penalty",
  seed: "seed",
  stop: "stop",
};
const memberNames: Readonly<Record<string, string>> = {
  system_prompt: "system",
  messages: "messages",
  license: "license",
};

/**
 * Writes the making of a model for `POST /api/create`, without a stream.
 * Throws PlatformError `unsupported_parameter` that names the setting for which Ollama has no word.
 */
export function encodeCreate({ model, from, settings }: NewModel): JsonObject {
  const members: Record<string, Json> = {};
  const parameters: Record<string, Json> = {};
  for (const [name, value] of Object.entries(settings)) {
    if (Object.hasOwn(memberNames, name)) members[memberNames[name] ?? name] = value;
    else if (Object.hasOwn(parameterNames, name)) parameters[parameterNames[name] ?? name] = value;
    else throw unsupportedSetting(name);
  }
  return {
    model,
    from,
    stream: false,
    ...members,
    ...(Object.keys(parameters).length === 0 ? {} : { parameters }),
  };
}

function unsupportedSetting(name: string): PlatformError {
  const known = [...Object.keys(memberNames), ...Object.keys(parameterNames)].join(", ");
  return new PlatformError(
    "unsupported_parameter",
    `A model of Ollama has no setting '${name}'. There are: ${known}. What else it is to have, \`ollama create\` gives it on the server itself.`,
    { field: `settings.${name}` },
  );
}
