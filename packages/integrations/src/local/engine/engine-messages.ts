import * as z from "zod";
import { engineOptionsSchema } from "./engine-options.ts";

/** What the parent says to an engine. */
export const parentMessageSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("start"), options: engineOptionsSchema }),
  z.object({ type: z.literal("ping"), id: z.int() }),
]);

/** What an engine says to its parent. */
export const engineMessageSchema = z.discriminatedUnion("type", [
  /** The library is open, and nothing was asked of the GPU yet. */
  z.object({ type: z.literal("opened"), usesGpu: z.boolean() }),
  z.object({
    type: z.literal("ready"),
    contextTokens: z.int(),
    loadMs: z.number(),
    memoryBytes: z.number(),
    /** Layers on the GPU, and by how much its memory in use grew as the library was told. Absent where no GPU is used. */
    gpu: z.object({ layers: z.int(), grownBytes: z.number().optional() }).optional(),
  }),
  z.object({ type: z.literal("failed"), message: z.string() }),
  z.object({ type: z.literal("pong"), id: z.int() }),
  z.object({ type: z.literal("generated"), tokens: z.int() }),
  z.object({
    type: z.literal("log"),
    level: z.enum(["debug", "info", "warn", "error"]),
    event: z.string(),
    fields: z.record(z.string(), z.unknown()),
  }),
]);

export type ParentMessage = z.output<typeof parentMessageSchema>;
export type EngineMessage = z.output<typeof engineMessageSchema>;
