import { type JsonObject, PlatformError } from "@llm-platform/kit";
import { z } from "zod";
import { loadedSchema, modelSchema } from "../../control/models.ts";
import { checkInput, type OperationContext } from "../../control/operation.ts";
import { toJinja } from "../../core/go-template.ts";
import { toParameterSettings } from "../../core/modelfile.ts";
import { listModelNames } from "../../gateway/model-names.ts";
import { toRunning, toShown, toTag } from "./model-wire.ts";
import { findOllamaModel, type OllamaParts, runOperation } from "./operations.ts";

/** Older clients say `name`. */
const modelInput = z
  .looseObject({ model: z.string().max(512).optional(), name: z.string().max(512).optional() })
  .transform(({ model, name }) => model ?? name ?? "")
  .refine((model) => model !== "", { path: ["model"], message: "must name a model" });

const copyInput = z.looseObject({
  source: z.string().min(1).max(512),
  destination: z.string().min(1).max(512),
});

const createInput = z.strictObject({
  model: z.string().min(1).max(512),
  from: z.string().min(1).max(512),
  stream: z.boolean().default(true),
  system: z.string().optional(),
  template: z.string().optional(),
  license: z.union([z.string(), z.array(z.string())]).optional(),
  parameters: z.record(z.string(), z.json()).optional(),
  messages: z.array(z.object({ role: z.string(), content: z.string() })).optional(),
});

const shown = z.object({ model: modelSchema, details: z.record(z.string(), z.json()) });
const loaded = z.object({ models: z.array(loadedSchema) });

/** What a caller asks of the models themselves. Each rejects with PlatformError. */
export async function listTags({ directory }: OllamaParts): Promise<JsonObject> {
  return { models: (await listModelNames(directory)).map(toTag) };
}

export async function listRunning(parts: OllamaParts, context: OperationContext): Promise<JsonObject> {
  const { models } = loaded.parse(await runOperation(parts, "models.loaded", { input: {}, context }));
  const known = parts.directory.snapshot.models;
  return {
    models: models.map((entry) =>
      toRunning(
        entry,
        known.find(({ integration, id }) => integration === entry.integration && id === entry.id),
      ),
    ),
  };
}

export async function showModel(
  parts: OllamaParts,
  body: unknown,
  context: OperationContext,
): Promise<JsonObject> {
  const found = findOllamaModel(parts.directory, checkInput(modelInput, body));
  const input = { model: `${found.integration}/${found.id}` };
  const answer = shown.parse(await runOperation(parts, "models.show", { input, context }));
  return toShown(answer, found.createdAtSeconds);
}

export async function deleteModel(
  parts: OllamaParts,
  body: unknown,
  context: OperationContext,
): Promise<void> {
  const name = checkInput(modelInput, body);
  const found = findOllamaModel(parts.directory, name);
  await runOperation(parts, "models.delete", {
    input: { model: `${found.integration}/${found.id}` },
    context,
  });
}

export async function copyModel(parts: OllamaParts, body: unknown, context: OperationContext): Promise<void> {
  const { source, destination } = checkInput(copyInput, body);
  const found = findOllamaModel(parts.directory, source);
  const input = { model: `${found.integration}/${found.id}`, destination };
  await runOperation(parts, "models.copy", { input, context });
}

/**
 * Makes a model of another: a copy, or one with settings of its own. What else a client asks for is refused, for a model
 * without it would not be the one that was meant. Resolves with whether the answer is to be a stream.
 */
export async function createModel(
  parts: OllamaParts,
  body: unknown,
  context: OperationContext,
): Promise<{ readonly stream: boolean }> {
  const parsed = createInput.safeParse(body);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const field = issue?.code === "unrecognized_keys" ? issue.keys[0] : issue?.path[0];
    throw new PlatformError(
      "unsupported_parameter",
      "A model `model` is made here of the one that `from` names, with `system`, `template`, `license`, `parameters` and `messages` of its own. Make others on the Ollama server itself.",
      { field: String(field ?? "model") },
    );
  }
  const { model, from, stream, ...own } = parsed.data;
  const found = findOllamaModel(parts.directory, from);
  const source = `${found.integration}/${found.id}`;
  const settings = toSettings(own);
  if (Object.keys(settings).length === 0)
    await copyModel(parts, { source: from, destination: model }, context);
  else await runOperation(parts, "models.create", { input: { model, from: source, settings }, context });
  return { stream };
}

function toSettings({
  system,
  template,
  license,
  parameters = {},
  messages = [],
}: Omit<z.output<typeof createInput>, "model" | "from" | "stream">): JsonObject {
  return {
    ...toParameterSettings(Object.entries(parameters)),
    ...(system === undefined ? {} : { system_prompt: system }),
    ...(template === undefined ? {} : { chat_template: toJinja(template) }),
    ...(license === undefined ? {} : { license: [license].flat().join("\n\n") }),
    ...(messages.length === 0 ? {} : { messages }),
  };
}
