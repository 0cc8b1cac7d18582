import { toPlatformError } from "@llm-platform/kit";
import { z } from "zod";
import { checkInput, type OperationContext } from "../../control/operation.ts";
import type { ClientReply } from "../../wire/client-reply.ts";
import { bringModel, successPhase, toOllamaProgress } from "../ollama-progress.ts";
import { ollamaDialect } from "./dialect.ts";
import type { OllamaParts } from "./operations.ts";

const pullInput = z
  .looseObject({
    model: z.string().max(512).optional(),
    name: z.string().max(512).optional(),
    stream: z.boolean().default(true),
  })
  .transform(({ model, name, stream }) => ({ model: model ?? name ?? "", stream }))
  .refine(({ model }) => model !== "", { path: ["model"], message: "must name the model to pull" });

/** Brings a model, and tells line by line how far it is. Rejects with PlatformError while nothing was told. */
export async function pullModel(
  { pulls, auditor, findPuller }: OllamaParts,
  body: unknown,
  { client, context }: { readonly client: ClientReply; readonly context: OperationContext },
): Promise<void> {
  const { model, stream } = checkInput(pullInput, body);
  const integration = findPuller();
  const write = (value: object) => {
    if (!client.isOpen) return;
    client.start(200, toHeaders(context.requestId));
    client.write(Buffer.from(`${JSON.stringify(value)}\n`));
  };
  const target = { type: "model", id: null, name: model };
  const intent = { operation: "ollama.pull", caller: context, target, before: null, asked: null };
  try {
    await auditor.change(intent, async () => {
      await bringModel(pulls, {
        model,
        integration,
        owner: context.principal,
        signal: context.signal,
        onStep(step) {
          // Clients call the model once they read that word: it is told when it can be called.
          if (stream && step.phase !== successPhase) write(toOllamaProgress(step));
        },
      });
      return { result: undefined, target, after: null };
    });
    write({ status: successPhase });
    client.end();
  } catch (thrown) {
    if (!client.isStarted) throw thrown;
    const error = toPlatformError(thrown, "The pull failed.");
    if (client.isOpen) client.write(Buffer.from(ollamaDialect.formatErrorFrame(error, context.requestId)));
    client.end();
  }
}

function toHeaders(requestId: string): string {
  return `x-request-id: ${requestId}\r\ncontent-type: ${ollamaDialect.streamContentType}\r\ncache-control: no-cache, no-transform\r\n`;
}
