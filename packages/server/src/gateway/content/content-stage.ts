import { type Reply, toPlatformError } from "@llm-platform/kit";
import { type CapturedContent, isCaptured } from "../../core/captured-content.ts";
import type { GatewayCall } from "../gateway-call.ts";
import type { Chat, Stage } from "../stage.ts";
import { TappedBody, toPart } from "./tapped-body.ts";

export interface ContentStageParts {
  /** Models whose calls are kept with their content, by the names that calls use. */
  readonly models: ReadonlySet<string>;
  /** As much is kept of what is asked, and as much of what is answered. */
  readonly maxBytes: number;
  /** Wall time. */
  readonly nowMs: () => number;
  /** Never waits, and never throws. */
  keep(content: CapturedContent): void;
}

/** Keeps what calls ask and are answered, where somebody opted in. To others it costs two look-ups. */
export function createContentStage(parts: ContentStageParts): Stage {
  return (next) => (call) =>
    isCaptured(call.principal.policy, call.head.model, parts.models)
      ? capture(parts, call, next)
      : next(call);
}

async function capture(
  { maxBytes, nowMs, keep }: ContentStageParts,
  call: GatewayCall,
  next: Chat,
): Promise<Reply> {
  const facts = {
    requestId: call.id,
    atMs: nowMs(),
    principal: call.principal.name,
    operation: call.operation,
    model: call.head.model,
    request: toPart(call.body, call.body.length, maxBytes),
  };
  try {
    const reply = await next(call);
    const body = new TappedBody(reply.body, maxBytes, (part, outcome) =>
      keep({ ...facts, outcome, reply: part }),
    );
    return { ...reply, body };
  } catch (error) {
    keep({ ...facts, outcome: toPlatformError(error).code, reply: null });
    throw error;
  }
}
