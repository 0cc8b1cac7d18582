import type { Kysely } from "kysely";
import { type KeyHolder, toKeyHolder } from "../core/identity.ts";
import type { ChangeNotices } from "./change-notices.ts";
import { type ApiKeyTable, createApiKeyTable } from "./api-key-table.ts";
import { createPasswordTable, type PasswordTable } from "./password-table.ts";
import { createSessionTable, type SessionTable } from "./session-table.ts";
import type { Tables } from "./tables.ts";
import { createUserTable, type UserTable } from "./user-table.ts";

export interface IdentityParts {
  readonly database: Kysely<Tables>;
  /** Wall time. */
  readonly nowMs: () => number;
  readonly changes: ChangeNotices;
}

/** Who is known, and word of every change of that. */
export interface Identity {
  readonly users: UserTable;
  readonly apiKeys: ApiKeyTable;
  readonly passwords: PasswordTable;
  readonly sessions: SessionTable;
  /** Whether there is a user, as of the last change that was heard of here. */
  readonly hasUsers: boolean;
  /**
   * Who calls with a key; undefined for one that does not work. Notes that the key was used.
   * Rejects with PlatformError `unavailable`.
   * @param sha256 of the key's text, in lower-case hexadecimal
   */
  findKey(sha256: string): Promise<KeyHolder | undefined>;
  /** Calls `listener` after each change of a user or a key, and when sessions are ended, wherever that was done. */
  onChange(listener: () => void): void;
  /** Writes down what is not yet. */
  close(): Promise<void>;
}

/** When a key was last used is written this often. */
const noteUseEveryMs = 10_000;

/** Rejects with PlatformError `unavailable`. */
export async function createIdentity({ database, nowMs, changes }: IdentityParts): Promise<Identity> {
  const users = createUserTable(database);
  const apiKeys = createApiKeyTable(database);
  const passwords = createPasswordTable(database);
  const sessions = createSessionTable(database);
  const state = { hasUsers: await users.hasAny() };
  const listeners: (() => void)[] = [];
  const uses = createUseNotes(apiKeys);

  async function changed<Result>(change: Promise<Result>): Promise<Result> {
    try {
      return await change;
    } finally {
      // Also one that failed may have taken effect.
      await tell();
      // Replicas that are not told look again within half a minute.
      await changes.announce("identity").catch(() => undefined);
    }
  }

  async function tell(): Promise<void> {
    state.hasUsers = await users.hasAny().catch(() => state.hasUsers);
    for (const listener of listeners) listener();
  }
  changes.onRemote("identity", () => void tell());

  async function deleteUser(id: string): Promise<boolean> {
    const wasThere = await users.delete(id);
    await passwords.clear(id);
    await sessions.revokeOfUser({ id }, nowMs());
    return wasThere;
  }

  return {
    users: {
      ...users,
      insert: (user) => changed(users.insert(user)),
      update: (id, change) => changed(users.update(id, change)),
      delete: (id) => changed(deleteUser(id)),
    },
    apiKeys: {
      ...apiKeys,
      insert: (key, secret) => changed(apiKeys.insert(key, secret)),
      rotate: (id, secret, previousExpiresAtMs) => changed(apiKeys.rotate(id, secret, previousExpiresAtMs)),
      revoke: (id, revokedAtMs) => changed(apiKeys.revoke(id, revokedAtMs)),
    },
    passwords,
    sessions: {
      ...sessions,
      revoke: (id, revokedAtMs) => changed(sessions.revoke(id, revokedAtMs)),
      revokeOfUser: (user, revokedAtMs) => changed(sessions.revokeOfUser(user, revokedAtMs)),
    },
    get hasUsers() {
      return state.hasUsers;
    },
    async findKey(sha256) {
      const found = await apiKeys.findBySha256(sha256);
      const holder = found === undefined ? undefined : toKeyHolder(found, nowMs());
      if (holder !== undefined) uses.note(holder.principal.id, nowMs());
      return holder;
    },
    onChange(listener) {
      listeners.push(listener);
    },
    close: () => uses.stop(),
  };
}

/** When keys were used, on its way into their table. */
function createUseNotes(apiKeys: ApiKeyTable): {
  note(id: string, usedAtMs: number): void;
  stop(): Promise<void>;
} {
  const notes = new Map<string, number>();
  const write = async (): Promise<void> => {
    const due = [...notes];
    notes.clear();
    for (const [id, usedAtMs] of due) await apiKeys.noteUsed(id, usedAtMs);
  };
  // The time of a use is for people to look at: what a failing database loses of it is no harm.
  const timer = setInterval(() => void write().catch(() => undefined), noteUseEveryMs).unref();
  return {
    note: (id, usedAtMs) => void notes.set(id, usedAtMs),
    async stop() {
      clearInterval(timer);
      await write().catch(() => undefined);
    },
  };
}
