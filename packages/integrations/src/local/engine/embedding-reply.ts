import * as z from "zod";
import { invalid, unsupported } from "./engine-failure.ts";
import type { LoadedEngine } from "./loaded-engine.ts";
import type { ReplyWriter } from "./reply-writer.ts";
import { parseRequest } from "./request-parse.ts";
import { harmlessFields } from "./sampling.ts";

const maxInputs = 2048;
const text = z.string().min(1, "an input must not be empty");
const tokens = z.array(z.int().min(0)).min(1, "an input must not be empty");

const embeddingRequestSchema = z.strictObject({
  ...harmlessFields,
  input: z.union([text, z.array(text).min(1).max(maxInputs), tokens, z.array(tokens).min(1).max(maxInputs)]),
  encoding_format: z.enum(["float", "base64"]).default("float"),
  dimensions: z.int().min(1).optional(),
});

type Input = string | readonly number[];

/** Answers an embedding request. Throws PlatformError naming the field at fault. */
export async function answerEmbedding(
  engine: LoadedEngine,
  body: unknown,
  writer: ReplyWriter,
): Promise<void> {
  const request = parseRequest(embeddingRequestSchema, body);
  const { embedder } = engine;
  if (request.dimensions !== undefined && request.dimensions !== embedder.dimensions) {
    throw unsupported(
      "dimensions",
      `This model's vectors have ${embedder.dimensions} dimensions; they cannot be cut to ${request.dimensions}.`,
    );
  }
  const data: object[] = [];
  let promptTokens = 0;
  for (const [index, input] of toInputs(request.input).entries()) {
    if (writer.signal.aborted) return;
    const field = Array.isArray(request.input) ? `input[${index}]` : "input";
    const { vector, tokens: count } = await embedder.embed(input, field);
    if (vector.length === 0) throw invalid(field, `'${field}' holds no text that the model can read.`);
    promptTokens += count;
    data.push({
      object: "embedding",
      index,
      embedding: request.encoding_format === "base64" ? toBase64(vector) : vector,
    });
  }
  const usage = { prompt_tokens: promptTokens, total_tokens: promptTokens };
  writer.json(200, { object: "list", data, model: engine.modelId, usage });
}

function toInputs(input: z.output<typeof embeddingRequestSchema>["input"]): readonly Input[] {
  if (typeof input === "string") return [input];
  const inputs: Input[] = [];
  const single: number[] = [];
  for (const item of input) {
    if (typeof item === "number") single.push(item);
    else inputs.push(item);
  }
  return single.length > 0 ? [single] : inputs;
}

/** Little-endian 32-bit floats, as OpenAI's SDKs expect. */
function toBase64(vector: readonly number[]): string {
  const bytes = Buffer.alloc(vector.length * 4);
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, index * 4);
  return bytes.toString("base64");
}
