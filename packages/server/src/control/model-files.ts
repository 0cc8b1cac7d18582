import { type BroughtModel, type ModelFiles, PlatformError, type PullOptions } from "@llm-platform/kit";
import { z } from "zod";
import type { ModelDirectory } from "../gateway/model-directory.ts";
import type { Manager } from "../manager/manager.ts";
import type { ChangeFacts, Operation } from "./operation.ts";
import { defineOperation } from "./operation.ts";

export interface ModelFileParts {
  readonly manager: Manager;
  readonly directory: Pick<ModelDirectory, "refresh">;
}

const verdictFields = {
  verdict: z
    .enum(["weights_only", "suspicious", "refused"])
    .describe("weights_only: numbers and texts; suspicious: look first, or convert it; refused: not used."),
  format: z.string().describe("What it is by its bytes, whatever its name."),
  reasons: z.array(z.string()).readonly(),
};

const pathFields = {
  path: z
    .string()
    .min(1)
    .max(4096)
    .describe("Full path on the server's machine, in a folder that its settings allow."),
  integration: z.string().max(128).default("local"),
};

const newName = z
  .string()
  .max(128)
  .optional()
  .describe("Name of the model to make. Default: that of the file or folder.");

export const importInput = z.strictObject({ ...pathFields, name: newName });

export const convertInput = z.strictObject({
  ...pathFields,
  name: newName,
  numbers: z
    .enum(["source", "f32", "f16", "bf16", "q8_0", "q5_0", "q4_k", "q4_0"])
    .default("source")
    .describe("How the numbers of the larger tensors are written; `source` keeps them."),
});

export const broughtSchema = z.object({
  model: z.string(),
  integration: z.string(),
  size_bytes: z.number(),
  verdict: z.string(),
  reasons: z.array(z.string()).readonly(),
  warnings: z.array(z.string()).readonly().describe("What could not be kept."),
});

type Brought = z.output<typeof broughtSchema>;

/** Operations on the files of models on this machine. */
export function modelFileOperations(parts: ModelFileParts): readonly Operation[] {
  return [
    defineOperation({
      name: "models.inspect",
      summary:
        "Says how far a model file or a folder of one can be trusted, by its bytes. Nothing of it is run, loaded or unpacked.",
      permission: "models.import",
      rest: { method: "GET", path: "/api/v1/models/inspect" },
      input: z.strictObject(pathFields),
      output: z.object({
        ...verdictFields,
        files: z.array(z.object({ ...verdictFields, name: z.string() })).readonly(),
      }),
      run: async ({ path, integration }, { signal }) => {
        const files = modelFilesOf(parts.manager, integration);
        return await files.inspect(await files.locate(path), signal);
      },
    }),
    defineOperation({
      name: "models.convert",
      summary:
        "Makes a GGUF model of a folder with safetensors or PyTorch weights, and offers it. With `Accept: text/event-stream` the answer tells how far it is.",
      permission: "models.import",
      rest: { method: "POST", path: "/api/v1/models/convert" },
      audit: madeModel(),
      input: convertInput,
      output: broughtSchema,
      run: async (input, { signal }) =>
        await convertModel(parts, input, { signal, onProgress: () => undefined }),
    }),
    defineOperation({
      name: "models.import",
      summary:
        "Takes over a GGUF file of the server's machine by a copy, or converts a folder of another format as it is. With `Accept: text/event-stream` the answer tells how far it is.",
      permission: "models.import",
      rest: { method: "POST", path: "/api/v1/models/import" },
      audit: madeModel(),
      input: importInput,
      output: broughtSchema,
      run: async (input, { signal }) =>
        await importModel(parts, input, { signal, onProgress: () => undefined }),
    }),
  ];
}

/** Converts, and makes the model callable. Throws PlatformError as `ModelFiles.convert` does. */
export async function convertModel(
  parts: ModelFileParts,
  { path, integration, name, numbers }: z.output<typeof convertInput>,
  options: PullOptions,
): Promise<Brought> {
  const files = modelFilesOf(parts.manager, integration);
  const real = await files.locate(path);
  const model = await files.convert({ path: real, name: name ?? nameOf(real), numbers }, options);
  return await offer(parts, integration, model);
}

/** Takes a file over, or converts a folder, and makes the model callable. Throws PlatformError. */
export async function importModel(
  parts: ModelFileParts,
  { path, integration, name }: z.output<typeof importInput>,
  options: PullOptions,
): Promise<Brought> {
  const files = modelFilesOf(parts.manager, integration);
  const real = await files.locate(path);
  const { format } = await files.inspect(real, options.signal);
  const chosen = name ?? nameOf(real);
  const model =
    format === "gguf"
      ? await files.adopt(real, chosen, options)
      : await files.convert({ path: real, name: chosen, numbers: "source" }, options);
  return await offer(parts, integration, model);
}

/** What the audit log says that is made. */
export function modelTarget(input: { readonly path: string; readonly name?: string | undefined }): {
  readonly type: string;
  readonly id: string | null;
  readonly name: string;
} {
  return { type: "model", id: null, name: input.name ?? nameOf(input.path) };
}

function madeModel(): Pick<ChangeFacts<Parameters<typeof modelTarget>[0], Brought>, "target"> {
  return {
    target: (input, output) =>
      output === undefined
        ? modelTarget(input)
        : { ...modelTarget(input), id: `${output.integration}/${output.model}` },
  };
}

async function offer(
  { directory }: ModelFileParts,
  integration: string,
  model: BroughtModel,
): Promise<Brought> {
  await directory.refresh(integration);
  const { verdict, reasons } = model.verdict;
  return {
    model: model.id,
    integration,
    size_bytes: model.bytes,
    verdict,
    reasons,
    warnings: model.warnings,
  };
}

/** The last part of a path as the name of a model. */
function nameOf(path: string): string {
  const last = path
    .replace(/[/\\]+$/, "")
    .replace(/^.*[/\\]/, "")
    .replace(/\.gguf$/, "");
  return last.replaceAll(/[^\w.-]/g, "-").replace(/^[^A-Za-z0-9]+/, "");
}

function modelFilesOf(manager: Manager, name: string): ModelFiles {
  const { state } = manager.status(name);
  const files = manager.running(name)?.modelFiles;
  if (files !== undefined) return files;
  throw new PlatformError(
    "unavailable",
    `The integration ${name} is ${state} and keeps no model files that could be read. Name one that does, for example 'local'.`,
    { field: "integration" },
  );
}
