import { PlatformError, toPlatformError } from "@llm-platform/kit";
import type { Auditor } from "../../control/auditor.ts";
import type { Feed } from "../../control/feed.ts";
import type { Operation, OperationContext } from "../../control/operation.ts";
import { anonymous } from "../../core/principal.ts";
import type { PlatformLog } from "../../telemetry/log.ts";
import { newRequestId } from "../../wire/request-id.ts";
import { toOpenAiError } from "../error-envelope.ts";
import { toTraceparent } from "../traceparent.ts";
import type { Session } from "./session.ts";

export interface ControlJobParts {
  readonly operations: ReadonlyMap<string, Operation>;
  readonly feeds: ReadonlyMap<string, Feed>;
  readonly auditor: Auditor;
  readonly log: PlatformLog;
}

interface Asked {
  readonly id: string;
  readonly name: string;
  readonly input?: unknown;
  /** W3C traceparent. Default: that of the handshake. */
  readonly traceparent?: string | undefined;
}

/** Runs an operation as REST would: with its permission, its audit records and its errors. Never rejects. */
export async function runOperation(
  session: Session,
  { id, name, input, traceparent: given }: Asked,
  { operations, auditor, log }: ControlJobParts,
): Promise<void> {
  const requestId = newRequestId();
  const tellError = (thrown: unknown) => {
    const error = toPlatformError(thrown);
    if (error.code === "internal")
      log.error("websocket.failed", { request_id: requestId, operation: name, error });
    session.tell("operation.error", id, toOpenAiError(error, requestId));
  };
  let signal: AbortSignal;
  try {
    ({ signal } = session.beginJob(id));
  } catch (thrown) {
    tellError(thrown);
    return;
  }
  try {
    const operation = operations.get(name);
    if (operation === undefined) throw unknownName("operation", name);
    const context = openContext(session, { requestId, auditor, signal });
    const principal = operation.permission === "public" ? anonymous : context.principal;
    const traceparent = toTraceparent(given) ?? session.caller.traceparent;
    const output = await operation.run(input ?? {}, { ...context, principal, traceparent });
    session.tell("operation.result", id, { output: output ?? null });
  } catch (thrown) {
    tellError(thrown);
  } finally {
    session.endJob(id);
  }
}

/** Follows a feed until it is left, the connection is lost or the session ends. Never rejects. */
export async function runFeed(
  session: Session,
  { id, name, input }: Asked,
  { feeds, auditor }: ControlJobParts,
): Promise<void> {
  let signal: AbortSignal;
  try {
    ({ signal } = session.beginFeed(id));
  } catch (thrown) {
    session.sayError("error", toPlatformError(thrown), id);
    return;
  }
  try {
    const feed = feeds.get(name);
    if (feed === undefined) throw unknownName("feed", name);
    const context = openContext(session, { requestId: newRequestId(), auditor, signal });
    for await (const item of feed.open(input, context)) {
      if (signal.aborted) break;
      session.sayItem(id, item);
      // It keeps less the longer it waits for the client to read.
      if (!session.hasRoom) await session.whenRoom();
    }
    session.say("feed.ended", {}, id);
  } catch (thrown) {
    session.sayError("feed.error", toPlatformError(thrown), id);
  } finally {
    session.endFeed(id);
  }
}

function openContext(
  { principal, caller }: Session,
  facts: Pick<OperationContext, "requestId" | "auditor" | "signal">,
): OperationContext {
  return { ...facts, principal, address: caller.address };
}

function unknownName(what: string, name: string): PlatformError {
  return new PlatformError(
    "not_found",
    `There is no ${what} ${JSON.stringify(name)}. The reference and /ws/asyncapi.yaml list those that there are.`,
    { field: "name" },
  );
}
