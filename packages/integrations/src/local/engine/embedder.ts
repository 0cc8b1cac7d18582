import { PlatformError } from "@llm-platform/kit";
import type { LlamaEmbeddingContext, LlamaModel } from "node-llama-cpp";
import { toToken } from "./token-id.ts";

/** One text as a vector of length 1. */
export interface Embedding {
  readonly vector: readonly number[];
  readonly tokens: number;
}

export interface Embedder {
  /** @param field where the input stands in the request. Throws PlatformError `context_length_exceeded`. */
  embed(input: string | readonly number[], field: string): Promise<Embedding>;
  readonly dimensions: number;
}

interface EmbedderOptions {
  readonly contextTokens: number;
  readonly threads: number;
}

/** The context behind it is made at the first call: a model that only chats does not pay for it. */
export function createEmbedder(model: LlamaModel, options: EmbedderOptions): Embedder {
  let opening: Promise<LlamaEmbeddingContext> | undefined;
  const open = async (): Promise<LlamaEmbeddingContext> => {
    opening ??= model.createEmbeddingContext({
      contextSize: options.contextTokens,
      // Models that look both ways (BERT) must see a whole input in one batch.
      batchSize: options.contextTokens,
      threads: options.threads,
    });
    try {
      return await opening;
    } catch (error) {
      opening = undefined;
      throw error;
    }
  };
  return {
    dimensions: model.embeddingVectorSize,
    async embed(input, field) {
      const context = await open();
      const tokens =
        typeof input === "string"
          ? model.tokenize(input)
          : input.map((token) => toToken(model, token, field));
      const count = context.calculateInputLength([...tokens]);
      if (count >= options.contextTokens) {
        const message = `The model's maximum context length is ${options.contextTokens} tokens, and '${field}' has ${count}. Shorten it.`;
        throw new PlatformError("context_length_exceeded", message, { field });
      }
      const { vector } = await context.getEmbeddingFor([...tokens]);
      return { vector: normalise(vector), tokens: count };
    },
  };
}

function normalise(vector: readonly number[]): readonly number[] {
  const norm = Math.hypot(...vector);
  return norm === 0 ? vector : vector.map((value) => value / norm);
}
