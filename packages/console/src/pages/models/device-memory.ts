import type { OperationOutput } from "@llm-platform/client";
import { fullName } from "./model-facts.ts";

type Loaded = Pick<OperationOutput<"models.loaded">, "models" | "gpus" | "free_memory_bytes">;

export interface MemoryPart {
  /** Of the model. */
  readonly name: string;
  /** `used` is what is not known to be a model's. */
  readonly kind: "model" | "used";
  readonly bytes: number;
}

/** The memory of the machine, or of a GPU. */
export interface DeviceMemory {
  readonly key: string;
  /** Undefined for the memory of the machine. */
  readonly name: string | undefined;
  /** From below. */
  readonly parts: readonly MemoryPart[];
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** What is in which memory. A GPU whose driver does not tell how full it is is left out. */
export function memoryOf({ models, gpus, free_memory_bytes }: Loaded): readonly DeviceMemory[] {
  const here = models.flatMap((model) => partOf(fullName(model), model.memory_bytes));
  const onGpus = models.flatMap((model) => partOf(fullName(model), model.gpu_memory_bytes));
  return [
    {
      key: "machine",
      name: undefined,
      parts: here,
      freeBytes: free_memory_bytes,
      totalBytes: sumOf(here) + free_memory_bytes,
    },
    ...gpus.flatMap(
      ({ name, memory_total_bytes: total, memory_used_bytes: used }, at): readonly DeviceMemory[] => {
        if (total === null || used === null) return [];
        // Which of several GPUs has how much of a model, nobody tells.
        const models = gpus.length === 1 && sumOf(onGpus) <= used ? onGpus : [];
        const rest = used - sumOf(models);
        const parts = [...models, ...(rest > 0 ? [{ name: "", kind: "used" as const, bytes: rest }] : [])];
        return [{ key: `gpu ${at}`, name, parts, freeBytes: Math.max(0, total - used), totalBytes: total }];
      },
    ),
  ];
}

function partOf(name: string, bytes: number | null): readonly MemoryPart[] {
  return bytes === null || bytes === 0 ? [] : [{ name, kind: "model", bytes }];
}

function sumOf(parts: readonly MemoryPart[]): number {
  return parts.reduce((sum, { bytes }) => sum + bytes, 0);
}
