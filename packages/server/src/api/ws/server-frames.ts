import type { JsonObject } from "@llm-platform/kit";
import { z } from "zod";
import { protocolVersion } from "./client-frames.ts";

const error = z.object({
  error: z
    .object({
      message: z.string(),
      type: z.string(),
      param: z.string().nullable(),
      code: z.string(),
      request_id: z.string(),
    })
    .describe("OpenAI's error envelope."),
});
const jsonObject = z.record(z.string(), z.unknown());

/** The data of what the server sends beside the items of feeds, each with when it comes. */
export const serverFrames = {
  "session.opened": z
    .object({ session: z.string(), resume_seconds: z.number() })
    .describe("The first frame: by this name the session can be taken up when the connection is lost."),
  "session.resumed": z
    .object({ session: z.string(), is_complete: z.boolean() })
    .describe(
      "Behind everything that is sent again. Where that is not complete, calls that go on have ended with `chat.error`.",
    ),
  "chat.started": z
    .object({
      request_id: z.string(),
      model: z.string().optional(),
      integration: z.string().optional(),
      attempts: z.number(),
      overhead_ms: z.number(),
    })
    .describe("A model has begun to answer."),
  "chat.delta": z
    .object({ index: z.number(), delta: jsonObject, logprobs: z.unknown().optional() })
    .describe("Something new in one choice, as in a chunk of `/v1/chat/completions`."),
  "chat.warning": z
    .object({ code: z.string(), message: z.string() })
    .describe("The reply is not all it could be."),
  "chat.done": z
    .object({
      usage: jsonObject.nullable(),
      reason: z.string().nullable(),
      reasons: z.array(z.string().nullable()).describe("Of each choice."),
    })
    .describe("The reply is whole. It is on record by then."),
  "chat.error": error.describe("The reply has ended otherwise: refused, cut, or cancelled."),
  "model.reply": z
    .object({ request_id: z.string(), reply: jsonObject })
    .describe("A whole reply, in OpenAI's shape."),
  "model.error": error.describe("There is none."),
  "operation.result": z
    .object({ output: z.unknown() })
    .describe("What the operation's schema of outputs says."),
  "operation.error": error.describe("The operation was refused, or has failed."),
  "feed.ended": z.object({}).describe("Nothing more comes of that feed."),
  "feed.error": error.describe("The feed was refused, or cannot go on; follow it again later."),
  error: error.describe("A frame of the client was not understood. After the third the connection ends."),
  pong: z.object({}).describe("The answer to `ping`."),
} as const;

export type ServerFrameType = keyof typeof serverFrames;

/** A frame on its way to the client. */
export interface ServerFrame {
  /** One of `serverFrames`, or of an item of a feed. */
  readonly type: string;
  /** What it is about; undefined for the connection as a whole. */
  readonly id?: string | undefined;
  /** JSON text of an object. */
  readonly body: string;
  /** Of an item of a feed that can be gone on from. */
  readonly itemId?: string | undefined;
}

/** @param ts milliseconds since the epoch */
export function formatFrame({ type, id, body, itemId }: ServerFrame, seq: number, ts: number): string {
  const about = id === undefined ? "" : `,"id":${JSON.stringify(id)}`;
  const place = itemId === undefined ? "" : `,"item_id":${JSON.stringify(itemId)}`;
  return `{"v":${protocolVersion},"type":${JSON.stringify(type)}${about},"seq":${seq},"ts":${ts}${place},"data":${body}}`;
}

/** JSON texts of what many are told, made once: two thousand followers of a feed get the same object. */
export class SharedBodies {
  readonly #texts = new WeakMap<JsonObject, string>();

  textOf(data: JsonObject): string {
    const known = this.#texts.get(data);
    if (known !== undefined) return known;
    const text = JSON.stringify(data);
    this.#texts.set(data, text);
    return text;
  }
}
