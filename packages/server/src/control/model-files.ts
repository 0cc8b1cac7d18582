import { type ModelFiles, PlatformError } from "@llm-platform/kit";
import { z } from "zod";
import type { Manager } from "../manager/manager.ts";
import { defineOperation, type Operation } from "./operation.ts";

const verdictFields = {
  verdict: z
    .enum(["weights_only", "suspicious", "refused"])
    .describe("weights_only: numbers and texts; suspicious: look first, or convert it; refused: not used."),
  format: z.string().describe("What it is by its bytes, whatever its name."),
  reasons: z.array(z.string()).readonly(),
};

const pathInput = z.strictObject({
  path: z
    .string()
    .min(1)
    .max(4096)
    .describe("Full path on the server's machine, in a folder that its settings allow."),
  integration: z.string().max(128).default("local"),
});

/** Operations on the files of models on this machine. */
export function modelFileOperations(manager: Manager): readonly Operation[] {
  return [
    defineOperation({
      name: "models.inspect",
      summary:
        "Says how far a model file or a folder of one can be trusted, by its bytes. Nothing of it is run, loaded or unpacked.",
      permission: "models.write",
      rest: { method: "GET", path: "/api/v1/models/inspect" },
      input: pathInput,
      output: z.object({
        ...verdictFields,
        files: z.array(z.object({ ...verdictFields, name: z.string() })).readonly(),
      }),
      run: async ({ path, integration }, { signal }) => {
        const files = modelFilesOf(manager, integration);
        return await files.inspect(await files.locate(path), signal);
      },
    }),
  ];
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
