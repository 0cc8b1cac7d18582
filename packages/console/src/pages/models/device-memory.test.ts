import { expect, test } from "vitest";
import { memoryOf } from "./device-memory.ts";

const loaded = (id: string, memory_bytes: number | null, gpu_memory_bytes: number | null) => ({
  id,
  integration: "local",
  memory_bytes,
  gpu_memory_bytes,
  gpu_layers: null,
  gpu: null,
  expires_at: null,
  active_calls: null,
  notice: null,
});
const gpu = (name: string, memory_total_bytes: number | null, memory_used_bytes: number | null) => ({
  name,
  memory_total_bytes,
  memory_used_bytes,
});
const models = [loaded("one", 10, 30), loaded("other", 5, null), loaded("remote", null, null)];

test("the parts of a memory and what is free come to all of it", () => {
  const devices = memoryOf({ models, gpus: [gpu("RTX", 100, 50)], free_memory_bytes: 85 });
  expect(devices).toEqual([
    {
      key: "machine",
      name: undefined,
      parts: [
        { name: "local/one", kind: "model", bytes: 10 },
        { name: "local/other", kind: "model", bytes: 5 },
      ],
      freeBytes: 85,
      totalBytes: 100,
    },
    {
      key: "gpu 0",
      name: "RTX",
      parts: [
        { name: "local/one", kind: "model", bytes: 30 },
        { name: "", kind: "used", bytes: 20 },
      ],
      freeBytes: 50,
      totalBytes: 100,
    },
  ]);
});

test("of several GPUs, and of one that says less than its models, no part is called a model's", () => {
  const two = [gpu("A", 100, 40), gpu("B", 100, 0)];
  expect(memoryOf({ models, gpus: two, free_memory_bytes: 1 }).slice(1)).toMatchObject([
    { name: "A", parts: [{ kind: "used", bytes: 40 }], freeBytes: 60 },
    { name: "B", parts: [], freeBytes: 100 },
  ]);
  expect(memoryOf({ models, gpus: [gpu("A", 100, 20)], free_memory_bytes: 1 })[1]?.parts).toMatchObject([
    { kind: "used", bytes: 20 },
  ]);
});

test("a GPU whose driver tells nothing is left out", () => {
  expect(memoryOf({ models, gpus: [gpu("M", 100, null)], free_memory_bytes: 1 })).toHaveLength(1);
});
