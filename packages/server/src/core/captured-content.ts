import type { KeyPolicy } from "./key-policy.ts";

/** What was asked or answered, as text, or as much of it as is kept. */
export interface CapturedPart {
  readonly text: string;
  /** Of the whole. */
  readonly bytes: number;
  readonly isTruncated: boolean;
}

/** One call with its content. */
export interface CapturedContent {
  readonly requestId: string;
  /** Since the epoch. */
  readonly atMs: number;
  readonly principal: string;
  readonly operation: string;
  readonly model: string;
  /** `ok`, or the code of the error that it ended with. */
  readonly outcome: string;
  readonly request: CapturedPart;
  /** Null when there was none. */
  readonly reply: CapturedPart | null;
}

/** Whether somebody opted in to have a call kept with its content. */
export function isCaptured(policy: KeyPolicy, model: string, models: ReadonlySet<string>): boolean {
  return policy.capturesContent || (models.size > 0 && models.has(model));
}
