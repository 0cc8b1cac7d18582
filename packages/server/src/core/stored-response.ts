import type { JsonObject } from "@llm-platform/kit";

/** A response that was kept, so that its caller can come back to it and go on from it. */
export interface StoredResponse {
  /** `resp_` and 32 hexadecimal digits. */
  readonly id: string;
  /** Whose it is; nobody else learns that it is there. */
  readonly owner: string;
  /** The response that it goes on from; null for the first of a conversation. */
  readonly previousId: string | null;
  readonly createdAtMs: number;
  /** What was asked, without what came before. */
  readonly input: readonly JsonObject[];
  /** The response as it was answered. */
  readonly response: JsonObject;
}
