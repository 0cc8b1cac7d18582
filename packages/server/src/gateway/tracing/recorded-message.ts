import type { JsonObject } from "@llm-platform/kit";

/** A message in the form of the GenAI conventions. */
export interface RecordedMessage {
  readonly role: string;
  /** Text, reasoning, calls of tools and their results, and what media were there. */
  readonly parts: readonly JsonObject[];
  /** Of what a model answered; undefined where it gave none. */
  readonly finish_reason?: string | undefined;
}
