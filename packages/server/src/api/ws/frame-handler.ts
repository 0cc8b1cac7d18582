import { toPlatformError } from "@llm-platform/kit";
import { type ClientFrame, parseClientFrame, type ParsedFrame } from "./client-frames.ts";
import { closeCodes } from "./close-codes.ts";
import type { Connection } from "./connection.ts";
import { type ControlJobParts, runFeed, runOperation } from "./control-jobs.ts";
import { type ModelJobParts, runChat, runModelCall } from "./model-jobs.ts";
import type { Session } from "./session.ts";

export interface FrameHandlerParts extends ModelJobParts, ControlJobParts {
  /** Goes on with another session. Throws PlatformError `not_found` or `conflict`. */
  resume(id: string, lastSeq: number): void;
}

const mostStrikes = 3;

/** Does what a frame of a client asks for. */
export function handleMessage(
  session: Session,
  connection: Connection,
  message: { readonly data: Buffer; readonly isBinary: boolean; readonly parts: FrameHandlerParts },
): void {
  const { data, isBinary, parts } = message;
  const parsed: ParsedFrame = isBinary
    ? parseClientFrame("", 0)
    : parseClientFrame(data.toString("utf8"), data.length);
  if ("frame" in parsed) {
    connection.strikes = 0;
    handleFrame(session, parsed.frame, parts);
    return;
  }
  session.sayError("error", parsed.error, parsed.id);
  connection.strikes++;
  if (connection.strikes < mostStrikes) return;
  const isJson = parsed.fault === "json" && !isBinary;
  connection.close(
    isJson ? closeCodes.badJson : closeCodes.unsupported,
    "Three frames in a row were not understood.",
  );
}

function handleFrame(session: Session, frame: ClientFrame, parts: FrameHandlerParts): void {
  try {
    switch (frame.type) {
      case "chat.start":
        void runChat(session, frame, parts);
        return;
      case "model.call":
        void runModelCall(session, frame, parts);
        return;
      case "operation.call":
        void runOperation(session, { id: frame.id, ...frame.data }, parts);
        return;
      case "feed.follow":
        void runFeed(session, { id: frame.id, ...frame.data }, parts);
        return;
      case "chat.cancel":
        session.cancelJob(frame.id);
        return;
      case "feed.leave":
        session.leaveFeed(frame.id);
        return;
      case "session.resume":
        parts.resume(frame.data.session, frame.data.last_seq);
        return;
      case "ping":
        if (frame.data?.last_seq !== undefined) session.release(frame.data.last_seq);
        session.say("pong", {});
    }
  } catch (thrown) {
    session.sayError("error", toPlatformError(thrown), "id" in frame ? frame.id : undefined);
  }
}
