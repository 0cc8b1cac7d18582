import { FormMemo } from "./form-memo.ts";
import type { CountHoles } from "./openai-usage.ts";

/** What a whole reply of a known form means, beyond that it is JSON and no error. */
interface WholeMeaning {
  /** Undefined where the form has no `usage` object. */
  readonly usage: CountHoles | undefined;
  /** The hole of the finish reason; -1 where it is not a text. */
  readonly reason: number;
}

/** What an event of a known form means, beyond that it is JSON and no error. */
export interface EventMeaning {
  readonly hasChoices: boolean;
  /** The hole of the finish reason; -1 where no choice ends. */
  readonly reason: number;
  readonly hasUsage: boolean;
  /** Undefined where there is no usage, or none that could be counted. */
  readonly usage: CountHoles | undefined;
}

/**
 * The forms of the replies that one upstream gives in the OpenAI dialect, shared by the readers of all of them: so the
 * first event of a stream is known from the streams before it.
 */
export class ReplyForms {
  readonly events = new FormMemo<EventMeaning>();
  readonly wholes = new FormMemo<WholeMeaning>();
}
