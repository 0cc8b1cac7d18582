import { type FinishReason, PlatformError, type Usage } from "@llm-platform/kit";

/** What is learnt of a reply while its bytes pass, in whatever dialect they are: the same for every reader. */
export class ReplyFacts {
  usage: Usage | undefined;
  /** The last finish reason seen. */
  finishReason: FinishReason | undefined;
  /** How many choices have finished. */
  finishedChoices = 0;
  /** The upstream marked the end by its own means: `[DONE]`, `"done":true`, or a whole body. */
  isDone = false;
  /** The upstream reported an error inside its reply. */
  error: PlatformError | undefined;
  /** Events that carried content: about one per token where nothing better is known. */
  contentEvents = 0;
  /** The prompt did not fit into the model's window and was cut by the upstream. */
  isPromptTruncated = false;

  /** Whether the reply may be announced as ended. */
  isComplete(choices: number): boolean {
    return this.error === undefined && (this.isDone || this.finishedChoices >= choices);
  }
}

/** Reads a reply as it passes and says which bytes may go on to the client. Its grammar is each reader's own. */
export interface ReplyReader {
  readonly facts: ReplyFacts;
  /**
   * Takes bytes from the upstream and returns those that may go to the client now:
   * whole events only, so that an error event can follow at any time.
   * @throws PlatformError `upstream_malformed`
   */
  push(chunk: Buffer): Buffer | undefined;
  /** The upstream closed cleanly; returns what may still go to the client. */
  finish(): Buffer | undefined;
  /** The frames that announce the end, to be sent once the record is durable. */
  terminalFrames(): Buffer | undefined;
}

/** Maps an upstream's word for its end to one of ours; unknown words count as `stop`. */
export function toFinishReason(text: string): FinishReason {
  switch (text) {
    case "length":
    case "max_tokens":
      return "length";
    case "tool_calls":
    case "function_call":
      return "tool_calls";
    case "content_filter":
      return "content_filter";
    default:
      return "stop";
  }
}

/** What a reader throws when the upstream's bytes cannot be what was asked for. */
export function malformed(what: string, cause?: unknown): PlatformError {
  return new PlatformError("upstream_malformed", `The upstream sent ${what}.`, { cause, isRetryable: true });
}
