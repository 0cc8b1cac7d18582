import type { ReplyBody } from "@llm-platform/kit";

/** A longer body is not waited for: its connection is given up. */
const longestPassedOverBytes = 64 * 1024;

/** Lets go of a body that nobody wants: a short one is passed over, so that its connection can be used again. */
export function dropBody(body: ReplyBody): void {
  let bytes = 0;
  body.resume();
  body.read({
    data(chunk) {
      bytes += chunk.byteLength;
      if (bytes > longestPassedOverBytes) body.cancel();
    },
    end: () => undefined,
    fail: () => undefined,
  });
}
