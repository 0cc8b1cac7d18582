import type { Kysely } from "kysely";
import type { Session } from "../core/identity.ts";
import { guardStorageLater } from "./storage-error.ts";
import type { SessionRow, Tables } from "./tables.ts";

/** A refresh token as the store has it. */
export interface RefreshSecret {
  /** In lower-case hexadecimal. */
  readonly sha256: string;
  readonly expiresAtMs: number;
}

/** What became of a refresh token that was shown. */
export type Refreshed<Next extends RefreshSecret> =
  | { readonly type: "rotated"; readonly session: Session; readonly next: Next }
  /** It was used before: somebody has a copy. */
  | { readonly type: "reused"; readonly sessionId: string }
  | { readonly type: "unknown" };

export interface SessionPage {
  /** Only of this user. */
  readonly userId?: string | undefined;
  readonly afterId: string;
  readonly limit: number;
  /** Those that go on then. */
  readonly nowMs: number;
}

/** Logins that go on. Every member rejects with PlatformError `unavailable` when the database does not answer. */
export interface SessionTable {
  insert(session: Session, refresh: RefreshSecret): Promise<void>;
  find(id: string): Promise<Session | undefined>;
  /** Those that have not ended, in the order of their ids. */
  list(page: SessionPage): Promise<readonly Session[]>;
  /** Id of the session that a refresh token is of, used or not. */
  findByRefresh(sha256: string): Promise<string | undefined>;
  /** Puts the next refresh token in the place of one that was not used yet, and lets the session last as long as it. */
  rotate<Next extends RefreshSecret>(
    sha256: string,
    createNext: (session: Session) => Next,
    nowMs: number,
  ): Promise<Refreshed<Next>>;
  /** Resolves with whether it stood. */
  revoke(id: string, nowMs: number): Promise<boolean>;
  /** Ends a user's sessions, but for one. Resolves with how many stood. */
  revokeOfUser(
    user: { readonly id: string; readonly exceptSession?: string },
    nowMs: number,
  ): Promise<number>;
  /** Forgets what has ended by itself. */
  deleteEnded(nowMs: number): Promise<void>;
}

export function createSessionTable(database: Kysely<Tables>): SessionTable {
  const insertRefresh = (sessionId: string, { sha256, expiresAtMs }: RefreshSecret) =>
    database
      .insertInto("refresh_tokens")
      .values({ sha256, session_id: sessionId, expires_at_ms: expiresAtMs, used_at_ms: null })
      .execute();
  const end = (nowMs: number) =>
    database.updateTable("sessions").set({ revoked_at_ms: nowMs }).where("revoked_at_ms", "is", null);
  return {
    insert: (session, refresh) =>
      guardStorageLater(async () => {
        await database.insertInto("sessions").values(toRow(session)).execute();
        await insertRefresh(session.id, refresh);
      }),
    find: (id) => guardStorageLater(() => find(database, id)),
    list: ({ userId, afterId, limit, nowMs }) =>
      guardStorageLater(async () => {
        let query = database
          .selectFrom("sessions")
          .selectAll()
          .where("id", ">", afterId)
          .where("revoked_at_ms", "is", null)
          .where("expires_at_ms", ">", nowMs);
        if (userId !== undefined) query = query.where("user_id", "=", userId);
        return (await query.orderBy("id").limit(limit).execute()).map(toSession);
      }),
    findByRefresh: (sha256) =>
      guardStorageLater(async () => {
        const row = await database
          .selectFrom("refresh_tokens")
          .select("session_id")
          .where("sha256", "=", sha256)
          .executeTakeFirst();
        return row?.session_id;
      }),
    rotate: (sha256, createNext, nowMs) =>
      guardStorageLater(async () => {
        // One statement decides: of two that show the same token at once one is the second.
        const used = await database
          .updateTable("refresh_tokens")
          .set({ used_at_ms: nowMs })
          .where("sha256", "=", sha256)
          .where("used_at_ms", "is", null)
          .where("expires_at_ms", ">", nowMs)
          .returning("session_id")
          .executeTakeFirst();
        if (used === undefined) return whyNot(database, sha256);
        const session = await find(database, used.session_id);
        if (session === undefined || session.revokedAtMs !== null) return { type: "unknown" };
        const next = createNext(session);
        await insertRefresh(session.id, next);
        await database
          .updateTable("sessions")
          .set({ expires_at_ms: next.expiresAtMs })
          .where("id", "=", session.id)
          .execute();
        return { type: "rotated", session, next };
      }),
    revoke: (id, nowMs) =>
      guardStorageLater(async () => {
        const { numUpdatedRows } = await end(nowMs).where("id", "=", id).executeTakeFirstOrThrow();
        return numUpdatedRows > 0n;
      }),
    revokeOfUser: ({ id, exceptSession = "" }, nowMs) =>
      guardStorageLater(async () => {
        const { numUpdatedRows } = await end(nowMs)
          .where("user_id", "=", id)
          .where("id", "!=", exceptSession)
          .where("expires_at_ms", ">", nowMs)
          .executeTakeFirstOrThrow();
        return Number(numUpdatedRows);
      }),
    deleteEnded: (nowMs) =>
      guardStorageLater(async () => {
        await database.deleteFrom("refresh_tokens").where("expires_at_ms", "<=", nowMs).execute();
        await database.deleteFrom("sessions").where("expires_at_ms", "<=", nowMs).execute();
      }),
  };
}

async function find(database: Kysely<Tables>, id: string): Promise<Session | undefined> {
  const row = await database.selectFrom("sessions").selectAll().where("id", "=", id).executeTakeFirst();
  return row === undefined ? undefined : toSession(row);
}

async function whyNot(
  database: Kysely<Tables>,
  sha256: string,
): Promise<{ readonly type: "reused"; readonly sessionId: string } | { readonly type: "unknown" }> {
  const row = await database
    .selectFrom("refresh_tokens")
    .select("session_id")
    .where("sha256", "=", sha256)
    .where("used_at_ms", "is not", null)
    .executeTakeFirst();
  return row === undefined ? { type: "unknown" } : { type: "reused", sessionId: row.session_id };
}

function toRow(session: Session): SessionRow {
  return {
    id: session.id,
    user_id: session.userId,
    created_at_ms: session.createdAtMs,
    expires_at_ms: session.expiresAtMs,
    revoked_at_ms: session.revokedAtMs,
  };
}

function toSession(row: SessionRow): Session {
  return {
    id: row.id,
    userId: row.user_id,
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms,
    revokedAtMs: row.revoked_at_ms,
  };
}
