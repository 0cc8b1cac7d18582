import { toPlatformError } from "@llm-platform/kit";
import type { OperationContext } from "../../control/operation.ts";
import type { CatalogueModel } from "../../gateway/model-directory.ts";
import type { UnchosenRequest } from "../inference.ts";
import { refuse } from "../refusal.ts";
import type { Residence } from "./chosen-call.ts";
import { ollamaDialect } from "./dialect.ts";
import { findOllamaModel, type OllamaParts, runOperation } from "./operations.ts";

/** What a platform is given for bringing a large model from a slow disk. */
const longestMs = 600_000;

/**
 * Answers a request that asks a model nothing: it is to be brought into memory, or to leave it. To bring it is a hint, which
 * whoever may call models may give: where the caller may not load, or there is nothing to load, the model's first call
 * does what is needed. Never rejects.
 */
export async function answerResidence(
  parts: OllamaParts,
  residence: Residence,
  { principal, client, requestId, peer, forwardedFor }: UnchosenRequest,
): Promise<void> {
  const gone = new AbortController();
  client.watch({ onGone: () => gone.abort(), onDrain: () => undefined });
  const signal = AbortSignal.any([gone.signal, AbortSignal.timeout(longestMs)]);
  const address = parts.readCaller(peer, forwardedFor);
  const context = {
    principal,
    address: address === "" ? undefined : address,
    requestId,
    auditor: parts.auditor,
    signal,
  };
  try {
    await moveModel(parts, residence, context);
    const answer = residence.answer(residence.isUnload ? "unload" : "load", new Date().toISOString());
    const lines = `x-request-id: ${requestId}\r\ncontent-type: application/json\r\n`;
    client.send(200, lines, Buffer.from(JSON.stringify(answer)));
  } catch (thrown) {
    refuse(client, {
      id: requestId,
      error: toPlatformError(thrown),
      endpoint: { surface: ollamaDialect },
    });
  }
}

async function moveModel(
  parts: OllamaParts,
  { model, isUnload }: Residence,
  context: OperationContext,
): Promise<void> {
  const found = findOllamaModel(parts.directory, model);
  const can = parts.abilities(found.integration);
  if (isUnload) {
    if (can.unload) await runOperation(parts, "models.unload", { input: toInput(found), context });
  } else if (can.load && context.principal.permissions.has("models.write")) {
    await runOperation(parts, "models.load", { input: toInput(found), context });
  }
}

function toInput({ integration, id }: CatalogueModel): object {
  return { model: `${integration}/${id}` };
}
