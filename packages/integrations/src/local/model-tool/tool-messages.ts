import type { NumberFormat } from "@llm-platform/kit";
import * as z from "zod";

/** What the process that reads model files is asked for. */
export type ToolRequest =
  | { readonly type: "inspect"; readonly path: string }
  | {
      readonly type: "convert";
      /** A folder in the form of the Hugging Face Hub. */
      readonly path: string;
      /** The file to write; it must not exist. */
      readonly target: string;
      readonly numbers: NumberFormat;
      readonly name: string;
    };

const verdictSchema = z.object({
  verdict: z.enum(["weights_only", "suspicious", "refused"]),
  format: z.string(),
  reasons: z.array(z.string()).readonly(),
});

/** What it says, each as one line of JSON. */
export const toolMessageSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("progress"), completedBytes: z.number(), totalBytes: z.number() }),
  z.object({
    type: z.literal("verdict"),
    verdict: verdictSchema.extend({ files: z.array(verdictSchema.extend({ name: z.string() })).readonly() }),
  }),
  z.object({
    type: z.literal("converted"),
    architecture: z.string(),
    tensors: z.number(),
    bytes: z.number(),
    warnings: z.array(z.string()).readonly(),
  }),
  z.object({
    type: z.literal("problem"),
    kind: z.enum(["corrupt", "unsafe", "unsupported"]),
    message: z.string(),
  }),
]);

export type ToolMessage = z.output<typeof toolMessageSchema>;
