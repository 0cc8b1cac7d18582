import { modelDiskOperations } from "./control/model-disk.ts";
import { modelFileOperations } from "./control/model-files.ts";
import { modelSettingOperations } from "./control/model-settings.ts";
import { modelOperations } from "./control/models.ts";
import type { Operation } from "./control/operation.ts";
import { readDiskUse } from "./disk-use.ts";
import type { ModelDirectory } from "./gateway/model-directory.ts";
import type { Manager } from "./manager/manager.ts";
import { modelMemory } from "./model-memory.ts";
import { GpuReader } from "./telemetry/resources/gpu-reader.ts";

/** All operations on models, their files and their settings. */
export function modelManagement(parts: {
  readonly manager: Manager;
  readonly directory: ModelDirectory;
  dataDirectory(): string;
}): readonly Operation[] {
  const gpus = new GpuReader();
  return [
    ...modelOperations({ ...parts, gpus: (signal) => gpus.read(signal), memoryBytes: modelMemory }),
    ...modelFileOperations(parts),
    ...modelSettingOperations(parts),
    ...modelDiskOperations({ ...parts, readDisk: () => readDiskUse(parts.dataDirectory()) }),
  ];
}
