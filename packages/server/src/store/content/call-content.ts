import { randomBytes } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Log } from "@llm-platform/kit";
import type { Kysely } from "kysely";
import { z } from "zod";
import type { CapturedContent } from "../../core/captured-content.ts";
import { keyIdOf, nonceBytes, openEnvelope, type SealedPlace, sealText } from "../envelope.ts";
import { guardStorageLater } from "../storage-error.ts";
import type { Tables } from "../tables.ts";
import type { Vault } from "../vault.ts";
import { createContentKeys } from "./content-key.ts";

export interface CallContentParts {
  readonly database: Kysely<Tables>;
  readonly vault: Pick<Vault, "read" | "write">;
  readonly retentionDays: number;
  /** Wall time. */
  readonly nowMs: () => number;
  readonly log: Log;
  /** Told what became of each call's content. */
  onResult(result: CaptureResult): void;
}

/** Kept, left out because too much waited, or lost because it could not be sealed or written. */
export const captureResults = ["kept", "dropped", "failed"] as const;
export type CaptureResult = (typeof captureResults)[number];

/** What calls asked and were answered, where somebody opted in. It is on the disk sealed only. */
export interface CallContent {
  /** Seals and writes it in the background. Never waits, and never throws. */
  keep(content: CapturedContent): void;
  /** Undefined when there is none, or none any more. Rejects with PlatformError `sealed` or `unavailable`. */
  read(requestId: string): Promise<CapturedContent | undefined>;
  /** Deletes what is too old. Resolves with how many; rejects with PlatformError `unavailable`. */
  prune(): Promise<number>;
  /** Resolves when everything that waited is written. */
  stop(): Promise<void>;
}

const mostWaitingCharacters = 16 * 1024 * 1024;
const dayMs = 86_400_000;

const part = z.object({ text: z.string(), bytes: z.number(), isTruncated: z.boolean() });
const contentSchema = z.object({
  requestId: z.string(),
  atMs: z.number(),
  principal: z.string(),
  operation: z.string(),
  model: z.string(),
  outcome: z.string(),
  request: part,
  reply: part.nullable(),
});

export function createCallContent(parts: CallContentParts): CallContent {
  const { database, vault, retentionDays, nowMs, log, onResult } = parts;
  const keys = createContentKeys(vault);
  const waiting: CapturedContent[] = [];
  const state: { characters: number; working: Promise<void> | undefined } = {
    characters: 0,
    working: undefined,
  };

  async function write(content: CapturedContent): Promise<void> {
    const key = await keys.current();
    const place = placeOf(content.requestId);
    const envelope = sealText(JSON.stringify(content), { key, place, nonce: randomBytes(nonceBytes) });
    const row = { request_id: content.requestId, created_at_ms: content.atMs, envelope };
    await guardStorageLater(() => database.insertInto("call_content").values(row).execute());
  }

  async function work(): Promise<void> {
    for (let content = waiting.shift(); content !== undefined; content = waiting.shift()) {
      await nextTurn();
      try {
        await write(content);
        onResult("kept");
      } catch (error) {
        onResult("failed");
        log.warn("content.not_kept", { request_id: content.requestId, error });
      }
      state.characters -= lengthOf(content);
    }
    state.working = undefined;
  }

  return {
    keep(content) {
      if (state.characters > mostWaitingCharacters) {
        onResult("dropped");
        return;
      }
      state.characters += lengthOf(content);
      waiting.push(content);
      state.working ??= work();
    },
    async read(requestId) {
      const row = await guardStorageLater(() =>
        database
          .selectFrom("call_content")
          .select("envelope")
          .where("request_id", "=", requestId)
          .where("created_at_ms", ">=", nowMs() - retentionDays * dayMs)
          .executeTakeFirst(),
      );
      if (row === undefined) return undefined;
      const key = await keys.find(keyIdOf(row.envelope) ?? "");
      const findKey = () => key;
      return contentSchema.parse(
        JSON.parse(openEnvelope(row.envelope, { findKey, place: placeOf(requestId) })),
      );
    },
    async prune() {
      const { numDeletedRows } = await guardStorageLater(() =>
        database
          .deleteFrom("call_content")
          .where("created_at_ms", "<", nowMs() - retentionDays * dayMs)
          .executeTakeFirst(),
      );
      return Number(numDeletedRows);
    },
    async stop() {
      await state.working;
    },
  };
}

function placeOf(requestId: string): SealedPlace {
  return { table: "call_content", field: "envelope", purpose: "call_content", name: requestId };
}

function lengthOf({ request, reply }: CapturedContent): number {
  return request.text.length + (reply?.text.length ?? 0);
}
