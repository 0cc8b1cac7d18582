import { z } from "zod";
import type { ModelDirectory } from "../gateway/model-directory.ts";
import { defineOperation, type Operation } from "./operation.ts";

/** What the data folder takes of its disk. */
export interface DiskUse {
  readonly sizeBytes: number;
  readonly freeBytes: number;
  readonly modelBytes: number;
  readonly storeBytes: number;
}

/** What models take of disks. */
export function modelDiskOperations({
  directory,
  readDisk,
}: {
  readonly directory: Pick<ModelDirectory, "snapshot">;
  readDisk(): Promise<DiskUse>;
}): readonly Operation[] {
  return [
    defineOperation({
      name: "models.disk",
      summary: "What models and the store take of the disk of the data folder.",
      permission: "models.read",
      rest: { method: "GET", path: "/api/v1/models/disk" },
      input: z.strictObject({}),
      output: z.object({
        size_bytes: z.number().describe("Of the disk that the data folder is on."),
        free_bytes: z.number(),
        models_bytes: z.number().describe("Of the folder of models in the data folder."),
        store_bytes: z.number().describe("Of all else in the data folder."),
        models: z
          .array(z.object({ id: z.string(), integration: z.string(), size_bytes: z.number() }))
          .readonly()
          .describe("Largest first, wherever their files are. Models of the same file have it each."),
      }),
      run: async () => {
        const { sizeBytes, freeBytes, modelBytes, storeBytes } = await readDisk();
        const models = directory.snapshot.models
          .map(({ id, integration, sizeBytes: size = 0 }) => ({ id, integration, size_bytes: size }))
          .filter((model) => model.size_bytes > 0)
          .toSorted((a, b) => b.size_bytes - a.size_bytes);
        return {
          size_bytes: sizeBytes,
          free_bytes: freeBytes,
          models_bytes: modelBytes,
          store_bytes: storeBytes,
          models,
        };
      },
    }),
  ];
}
