import {
  type Cancellation,
  type Delta,
  type ModelEvent,
  PlatformError,
  toPlatformError,
} from "@llm-platform/kit";
import { requirePermission } from "../../core/permissions.ts";
import { formatUsage, messageParts } from "../../gateway/dialects/openai-encoder.ts";
import { newRequestId } from "../../wire/request-id.ts";
import { toOpenAiError } from "../error-envelope.ts";
import type { ModelCallInput, ModelCaller } from "../model-caller.ts";
import type { ClientFrame } from "./client-frames.ts";
import type { Session } from "./session.ts";

export interface ModelJobParts {
  readonly models: ModelCaller;
  /** Whether the server takes no more calls. */
  isClosing(): boolean;
}

type Asked<Type extends ClientFrame["type"]> = Extract<ClientFrame, { readonly type: Type }>;

/** Calls a model and tells its reply as it comes. Never rejects. */
export async function runChat(
  session: Session,
  { id, data }: Asked<"chat.start">,
  parts: ModelJobParts,
): Promise<void> {
  await runJob(session, { id, errorType: "chat.error", parts }, async (facts) => {
    const { facts: known, events } = await parts.models.call({ ...facts, ...data, protocol: "websocket" });
    session.tell("chat.started", id, {
      request_id: known.requestId,
      model: known.model,
      integration: known.integration,
      attempts: known.attempts,
      overhead_ms: known.overheadMs,
    });
    const end: ChatEnd = { usage: null, reasons: [] };
    for await (const event of events) {
      tellEvent(session, { id, event, end });
      // The upstream is held back while the client does not read.
      if (!session.hasRoom) await session.whenRoom();
    }
    session.tell("chat.done", id, { ...end, reason: end.reasons[0] ?? null });
  });
}

/** Calls a model for a whole reply. Never rejects. */
export async function runModelCall(
  session: Session,
  { id, data }: Asked<"model.call">,
  parts: ModelJobParts,
): Promise<void> {
  await runJob(session, { id, errorType: "model.error", parts }, async (facts) => {
    const { reply } = await parts.models.whole({ ...facts, ...data, protocol: "websocket" });
    session.tell("model.reply", id, { request_id: facts.requestId, reply });
  });
}

interface Job {
  readonly id: string;
  readonly errorType: "chat.error" | "model.error";
  readonly parts: ModelJobParts;
}

async function runJob(
  session: Session,
  { id, errorType, parts }: Job,
  run: (
    facts: Pick<ModelCallInput, "requestId" | "principal" | "address" | "traceparent" | "cancellation">,
  ) => Promise<void>,
): Promise<void> {
  const requestId = newRequestId();
  const tellError = (thrown: unknown) =>
    session.tell(errorType, id, toOpenAiError(toPlatformError(thrown), requestId));
  let cancellation: Cancellation;
  try {
    if (session.channel !== "chat") throw wrongChannel();
    if (parts.isClosing()) throw closing();
    requirePermission(session.principal, "inference.call");
    cancellation = session.beginJob(id);
  } catch (thrown) {
    tellError(thrown);
    return;
  }
  const { principal, caller } = session;
  try {
    const { countedAddress: address, traceparent } = caller;
    await run({ requestId, principal, address, traceparent, cancellation });
  } catch (thrown) {
    tellError(thrown);
  } finally {
    session.endJob(id);
  }
}

interface ChatEnd {
  usage: object | null;
  readonly reasons: (string | null)[];
}

interface Told {
  readonly id: string;
  readonly event: ModelEvent;
  readonly end: ChatEnd;
}

function tellEvent(session: Session, { id, event, end }: Told): void {
  switch (event.type) {
    case "delta":
      session.tell("chat.delta", id, formatDelta(event));
      return;
    case "finish":
      while (end.reasons.length < event.choice) end.reasons.push(null);
      end.reasons[event.choice] = event.reason;
      return;
    case "usage":
      end.usage = formatUsage(event.usage);
      return;
    case "warning":
      session.tell("chat.warning", id, { code: event.code, message: event.message });
      return;
    case "error":
      throw event.error;
    case "embedding":
    case "end":
  }
}

function formatDelta(delta: Delta): object {
  const { choice, logprobs } = delta;
  return { index: choice, delta: messageParts(delta), ...(logprobs === undefined ? {} : { logprobs }) };
}

function wrongChannel(): PlatformError {
  return new PlatformError("invalid_request", "Models are called on /ws/chat.", { field: "type" });
}

function closing(): PlatformError {
  return new PlatformError("shutting_down", "The server stops. Connect again in a few seconds.", {
    retryAfterMs: 1_000,
  });
}
