import { PlatformError } from "@llm-platform/kit";
import { z } from "zod";
import type { CapturedContent, CapturedPart } from "../core/captured-content.ts";
import type { CallContent } from "../store/content/call-content.ts";
import { defineOperation, type Operation } from "./operation.ts";

const part = z.object({
  text: z.string(),
  bytes: z.number().describe("Of the whole."),
  truncated: z.boolean().describe("Whether the text is its beginning only."),
});

/** The operation by which the content of a call is read, where it was kept. */
export function contentOperations(content: Pick<CallContent, "read">): readonly Operation[] {
  return [
    defineOperation({
      name: "usage.content",
      summary: "What a call asked and was answered, where it was kept. Each reading is on record.",
      permission: "content.read",
      rest: { method: "GET", path: "/api/v1/usage/records/{request_id}/content" },
      input: z.strictObject({ request_id: z.string().min(1).max(64) }),
      output: z.object({
        request_id: z.string(),
        time: z.string(),
        principal: z.string(),
        operation: z.string(),
        model: z.string(),
        outcome: z.string().describe("`ok`, or the code of the error that it ended with."),
        request: part,
        reply: part.nullable().describe("Null when there was none."),
      }),
      run: async ({ request_id }, context) => {
        const target = { type: "call_content", id: request_id, name: null };
        const intent = { operation: "usage.content", caller: context, target, before: null, asked: null };
        return context.auditor.change(intent, async () => {
          const found = await content.read(request_id);
          if (found === undefined)
            throw new PlatformError("not_found", `No content is kept of the call ${request_id}.`);
          return { result: toOutput(found), target, after: null };
        });
      },
    }),
  ];
}

function toOutput({
  requestId,
  atMs,
  principal,
  operation,
  model,
  outcome,
  request,
  reply,
}: CapturedContent) {
  return {
    request_id: requestId,
    time: new Date(atMs).toISOString(),
    principal,
    operation,
    model,
    outcome,
    request: toPart(request),
    reply: reply === null ? null : toPart(reply),
  };
}

function toPart({ text, bytes, isTruncated }: CapturedPart): z.output<typeof part> {
  return { text, bytes, truncated: isTruncated };
}
