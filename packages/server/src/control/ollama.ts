import { z } from "zod";
import type { Manager } from "../manager/manager.ts";
import { modelPlatformOf } from "./models.ts";
import { defineOperation, type Operation } from "./operation.ts";

/** Operations under `/local/ollama`, for the integration of that name. */
export function ollamaOperations(manager: Manager): readonly Operation[] {
  return [
    defineOperation({
      name: "ollama.models",
      summary: "The models of the Ollama server.",
      permission: "models.read",
      rest: { method: "GET", path: "/local/ollama/models" },
      input: z.strictObject({}),
      output: z.object({
        models: z
          .array(
            z.object({
              name: z.string(),
              operations: z.array(z.string()).readonly(),
              size_bytes: z.number().nullable(),
              family: z.string().nullable(),
              quantization: z.string().nullable(),
            }),
          )
          .readonly(),
      }),
      run: async (_input, { signal }) => {
        const models = await modelPlatformOf(manager, "ollama").list(signal);
        return {
          models: models.map(({ id, operations, sizeBytes, family, quantization }) => ({
            name: id,
            operations,
            size_bytes: sizeBytes ?? null,
            family: family ?? null,
            quantization: quantization ?? null,
          })),
        };
      },
    }),
  ];
}
