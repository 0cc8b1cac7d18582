import type { Reply } from "@llm-platform/kit";
import type { GatewayCall } from "./gateway-call.ts";

/** Answers a call, or rejects with a PlatformError when nothing was sent to the client yet. */
export type Chat = (call: GatewayCall) => Promise<Reply>;

/** One concern of the request path, put around the ones behind it. */
export type Stage = (next: Chat) => Chat;

/** Makes one function of stages; the first is the outermost. */
export function composeStages(stages: readonly Stage[], last: Chat): Chat {
  return stages.reduceRight((next, stage) => stage(next), last);
}
