import { randomBytes } from "node:crypto";
import type { JsonObject } from "@llm-platform/kit";
import type { Kysely } from "kysely";
import { z } from "zod";
import type { StoredResponse } from "../../core/stored-response.ts";
import { createContentKeys } from "../content/content-key.ts";
import { keyIdOf, nonceBytes, openEnvelope, type SealedPlace, sealText } from "../envelope.ts";
import { guardStorageLater } from "../storage-error.ts";
import type { ResponseRow, Tables } from "../tables.ts";
import type { Vault } from "../vault.ts";

export interface ResponseTableParts {
  readonly database: Kysely<Tables>;
  readonly vault: Pick<Vault, "read" | "write">;
  /** Older ones are neither read nor kept. 0: none is kept at all. */
  readonly retentionDays: number;
  /** What all of them may take together; beyond that the oldest go. */
  readonly mostCharacters: number;
  /** Wall time. */
  readonly nowMs: () => number;
}

/**
 * Responses that callers may come back to. They are on the disk sealed only. Every member rejects with PlatformError
 * `unavailable` when the database does not answer, and `sealed` while the keys are.
 */
export interface ResponseTable {
  /** Whether any is kept. */
  readonly isKeeping: boolean;
  /** Resolves when it is written. */
  insert(stored: StoredResponse): Promise<void>;
  /** Undefined when there is none of that owner, or none any more. */
  find(owner: string, id: string): Promise<StoredResponse | undefined>;
  /**
   * A response and those that it goes on from, the oldest first. Where one of them is gone, what comes behind it alone.
   * Empty when there is none of that owner.
   */
  conversation(owner: string, id: string): Promise<readonly StoredResponse[]>;
  /** Resolves with whether there was one. */
  delete(owner: string, id: string): Promise<boolean>;
  /** Deletes what is too old, and the oldest of what is too much. Resolves with how many. */
  prune(): Promise<number>;
}

const dayMs = 86_400_000;
/** Longer conversations are read from here on only. */
const mostTurns = 1_000;
/** Rows that are deleted at once when there is too much. */
const pruneRows = 200;

const jsonObject = z.custom<JsonObject>((value) => typeof value === "object" && value !== null);
const contentSchema = z.object({ input: z.array(jsonObject), response: jsonObject });

export function createResponseTable(parts: ResponseTableParts): ResponseTable {
  const { database, retentionDays, mostCharacters, nowMs } = parts;
  const keys = createContentKeys(parts.vault);
  const oldestMs = () => nowMs() - retentionDays * dayMs;

  async function open(row: ResponseRow): Promise<StoredResponse> {
    const key = await keys.find(keyIdOf(row.envelope) ?? "");
    const text = openEnvelope(row.envelope, { findKey: () => key, place: placeOf(row.id) });
    const { input, response } = contentSchema.parse(JSON.parse(text));
    const { id, owner, previous_id: previousId, created_at_ms: createdAtMs } = row;
    return { id, owner, previousId, createdAtMs, input, response };
  }

  /** Deletes the oldest of what is more than may be kept. */
  async function pruneExcess(): Promise<number> {
    const { total } = await database
      .selectFrom("responses")
      .select(({ fn }) => fn.sum<number | string | null>("characters").as("total"))
      .executeTakeFirstOrThrow();
    let excess = Number(total ?? 0) - mostCharacters;
    let deleted = 0;
    while (excess > 0) {
      const query = database.selectFrom("responses").select(["id", "characters"]);
      const oldest = await query.orderBy("created_at_ms").limit(pruneRows).execute();
      if (oldest.length === 0) break;
      const gone: string[] = [];
      for (const { id, characters } of oldest) {
        if (excess <= 0) break;
        gone.push(id);
        excess -= Number(characters);
      }
      await database.deleteFrom("responses").where("id", "in", gone).execute();
      deleted += gone.length;
    }
    return deleted;
  }

  return {
    isKeeping: retentionDays > 0,
    async insert({ id, owner, previousId, createdAtMs, input, response }) {
      const key = await keys.current();
      const text = JSON.stringify({ input, response });
      const envelope = sealText(text, { key, place: placeOf(id), nonce: randomBytes(nonceBytes) });
      const row = {
        id,
        owner,
        previous_id: previousId,
        created_at_ms: createdAtMs,
        characters: envelope.length,
        envelope,
      };
      await guardStorageLater(() => database.insertInto("responses").values(row).execute());
    },
    async find(owner, id) {
      const row = await guardStorageLater(() =>
        database
          .selectFrom("responses")
          .selectAll()
          .where("id", "=", id)
          .where("owner", "=", owner)
          .where("created_at_ms", ">=", oldestMs())
          .executeTakeFirst(),
      );
      return row === undefined ? undefined : open(row);
    },
    async conversation(owner, id) {
      const rows = await guardStorageLater(() =>
        selectConversation(database, { owner, id, sinceMs: oldestMs() }),
      );
      return Promise.all(rows.map(open));
    },
    async delete(owner, id) {
      const { numDeletedRows } = await guardStorageLater(() =>
        database
          .deleteFrom("responses")
          .where("id", "=", id)
          .where("owner", "=", owner)
          .executeTakeFirstOrThrow(),
      );
      return numDeletedRows > 0n;
    },
    prune: () =>
      guardStorageLater(async () => {
        const { numDeletedRows } = await database
          .deleteFrom("responses")
          .where("created_at_ms", "<", oldestMs())
          .executeTakeFirstOrThrow();
        return Number(numDeletedRows) + (await pruneExcess());
      }),
  };
}

/** From the one that is named back to the first, and given out the other way round. */
async function selectConversation(
  database: Kysely<Tables>,
  { owner, id, sinceMs }: { readonly owner: string; readonly id: string; readonly sinceMs: number },
): Promise<readonly ResponseRow[]> {
  const columns = ["id", "owner", "previous_id", "created_at_ms", "characters", "envelope"] as const;
  const rows = await database
    .withRecursive("turns", (query) =>
      query
        .selectFrom("responses")
        .select(columns)
        .select((expression) => expression.lit(1).as("turn"))
        .where("id", "=", id)
        .where("owner", "=", owner)
        .where("created_at_ms", ">=", sinceMs)
        .unionAll(
          query
            .selectFrom("responses")
            .innerJoin("turns", "turns.previous_id", "responses.id")
            .select([
              "responses.id",
              "responses.owner",
              "responses.previous_id",
              "responses.created_at_ms",
              "responses.characters",
              "responses.envelope",
            ])
            .select((expression) => expression("turns.turn", "+", expression.lit(1)).as("turn"))
            .where("responses.owner", "=", owner)
            .where("responses.created_at_ms", ">=", sinceMs)
            .where("turns.turn", "<", mostTurns),
        ),
    )
    .selectFrom("turns")
    .select(columns)
    .orderBy("turn", "desc")
    .execute();
  return rows;
}

function placeOf(id: string): SealedPlace {
  return { table: "responses", field: "envelope", purpose: "response", name: id };
}
