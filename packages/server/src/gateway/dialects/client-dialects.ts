import { type Dialect, PlatformError } from "@llm-platform/kit";
import type { ClientDialect } from "./client-dialect.ts";
import { anthropicClientDialect } from "./anthropic/dialect.ts";
import { ollamaClientDialect, ollamaEmbeddingsDialect, ollamaGenerateDialect } from "./ollama/dialect.ts";
import { openAiClientDialect } from "./openai.ts";

const known = [
  openAiClientDialect,
  anthropicClientDialect,
  ollamaClientDialect,
  ollamaGenerateDialect,
  ollamaEmbeddingsDialect,
];
const dialects = new Map<Dialect, ClientDialect>(known.map((each) => [each.dialect, each]));

/** What the dialect of a client is like. Throws PlatformError `internal` for one that no surface may offer. */
export function clientDialectOf(dialect: Dialect): ClientDialect {
  const known = dialects.get(dialect);
  if (known === undefined)
    throw new PlatformError("internal", `No client can be answered in the dialect ${dialect}.`);
  return known;
}
