import { PlatformError } from "@llm-platform/kit";
import { z } from "zod";

/** The version of the envelope, as `v` in each frame. */
export const protocolVersion = 1;

const id = z
  .string()
  .min(1)
  .max(128)
  .describe("The client's own name for what it starts; every frame about it has it.");
const jsonObject = z.record(z.string(), z.json());
const version = z.literal(protocolVersion).default(protocolVersion);

function frame<Type extends string, Shape extends z.ZodRawShape>(type: Type, shape: Shape) {
  return z.strictObject({ v: version, type: z.literal(type), ...shape });
}

/** What a client may send, each with what it is for. */
export const clientFrames = {
  "chat.start": frame("chat.start", {
    id,
    data: z.strictObject({
      request: jsonObject.describe("As the body of `POST /v1/chat/completions`, with `model`."),
      operation: z.enum(["chat", "completion"]).default("chat"),
      traceparent: z.string().max(64).optional(),
    }),
  }).describe("Calls a model; its reply comes as `chat.delta` frames. Several may go on at once."),
  "chat.cancel": frame("chat.cancel", { id }).describe("Gives a call up; `chat.error` ends it."),
  "model.call": frame("model.call", {
    id,
    data: z.strictObject({
      request: jsonObject.describe("As the body of the operation's path under `/v1`."),
      operation: z.enum(["chat", "completion", "embedding"]),
      traceparent: z.string().max(64).optional(),
    }),
  }).describe("Calls a model for a whole reply: `model.reply` or `model.error`."),
  "operation.call": frame("operation.call", {
    id,
    data: z.strictObject({
      name: z.string().min(1).max(128),
      input: z.unknown().optional(),
      traceparent: z.string().max(64).optional(),
    }),
  }).describe("Runs an operation of the table: `operation.result` or `operation.error`."),
  "feed.follow": frame("feed.follow", {
    id,
    data: z.strictObject({ name: z.string().min(1).max(128), input: z.unknown().optional() }),
  }).describe("Follows a feed of the table: its items come as frames of their own types."),
  "feed.leave": frame("feed.leave", { id }).describe("Ends it; `feed.ended` is the last frame of it."),
  "session.resume": frame("session.resume", {
    data: z.strictObject({ session: z.string().min(1).max(128), last_seq: z.number().int().min(0) }),
  }).describe(
    "Takes up the session of a connection that was lost, as the first frame: what came since `last_seq` is sent again.",
  ),
  ping: frame("ping", {
    data: z.strictObject({ last_seq: z.number().int().min(0).optional() }).optional(),
  }).describe("Answered by `pong`. What came up to `last_seq` need not be kept for a resumption."),
} as const;

const clientFrame = z.discriminatedUnion("type", [
  clientFrames["chat.start"],
  clientFrames["chat.cancel"],
  clientFrames["model.call"],
  clientFrames["operation.call"],
  clientFrames["feed.follow"],
  clientFrames["feed.leave"],
  clientFrames["session.resume"],
  clientFrames.ping,
]);

export type ClientFrame = z.output<typeof clientFrame>;

/** A frame as it was sent, or what is wrong with it. */
export type ParsedFrame =
  | { readonly frame: ClientFrame }
  | {
      readonly fault: "json" | "type" | "shape";
      readonly id: string | undefined;
      readonly error: PlatformError;
    };

/** Frames that carry what a model or an operation is asked may be large; everything else is small. */
const largeTypes = new Set(["chat.start", "model.call", "operation.call"]);
const mostControlBytes = 64 * 1024;

/** @param bytes of the frame, as it came */
export function parseClientFrame(text: string, bytes: number): ParsedFrame {
  const value = readObject(text);
  if (value === undefined) {
    const error = new PlatformError("invalid_request", "A frame must be a JSON object in one text message.");
    return { fault: "json", id: undefined, error };
  }
  const { type, id: named } = value;
  const id = typeof named === "string" ? named : undefined;
  if (typeof type !== "string" || !Object.hasOwn(clientFrames, type)) {
    const known = Object.keys(clientFrames).join(", ");
    const error = new PlatformError(
      "invalid_request",
      `This type of frame is not known. There are: ${known}.`,
      {
        field: "type",
      },
    );
    return { fault: "type", id, error };
  }
  if (bytes > mostControlBytes && !largeTypes.has(type)) {
    const error = new PlatformError(
      "payload_too_large",
      `A frame ${type} may have ${mostControlBytes} bytes at most.`,
    );
    return { fault: "shape", id, error };
  }
  const result = clientFrame.safeParse(value);
  if (result.success) return { frame: result.data };
  return { fault: "shape", id, error: toShapeError(type, result.error) };
}

const looseObject = z.record(z.string(), z.unknown());

function readObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return looseObject.safeParse(JSON.parse(text)).data;
  } catch {
    // Told as what it is by the caller.
    return undefined;
  }
}

function toShapeError(type: string, { issues }: z.ZodError): PlatformError {
  const problems = issues.map(({ path, message }) => ({ field: path.join("."), message }));
  const text = problems.map(({ field, message }) => `${field || "frame"}: ${message}`).join("; ");
  return new PlatformError("invalid_request", `The frame ${type} is not valid: ${text}.`, {
    problems,
    ...(problems[0] === undefined ? {} : { field: problems[0].field }),
  });
}
