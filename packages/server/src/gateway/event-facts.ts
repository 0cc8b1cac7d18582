import type { ModelEvent } from "@llm-platform/kit";
import type { ReplyFacts } from "../wire/reply-facts.ts";

/** Notes what a canonical event says about the reply as a whole. */
export function noteEvent(event: ModelEvent, facts: ReplyFacts): void {
  switch (event.type) {
    case "delta":
    case "embedding":
      facts.contentEvents++;
      return;
    case "finish":
      facts.finishedChoices++;
      facts.finishReason = event.reason;
      return;
    case "usage":
      facts.usage = event.usage;
      return;
    case "warning":
      facts.isPromptTruncated = true;
      return;
    case "error":
      facts.error = event.error;
      return;
    case "end":
      facts.isDone = true;
  }
}
