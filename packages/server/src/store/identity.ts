import { PlatformError } from "@llm-platform/kit";
import type { Kysely } from "kysely";
import type { ChangeNotices } from "./change-notices.ts";
import {
  type FoundKey,
  type IdentityNews,
  type KeyHolder,
  type Member,
  toKeyHolder,
  type User,
} from "../core/identity.ts";
import type { Permission } from "../core/permissions.ts";
import { type ApiKeyTable, createApiKeyTable, type StoredKey } from "./api-key-table.ts";
import { createPasswordTable, type PasswordTable } from "./password-table.ts";
import { createRoleTable, type RoleTable } from "./role-table.ts";
import type { RunAlone } from "./run-alone.ts";
import { createSessionTable, type SessionTable } from "./session-table.ts";
import type { Tables } from "./tables.ts";
import { createTeamTable, type TeamTable } from "./team-table.ts";
import { createUserTable, type UserTable } from "./user-table.ts";

export interface IdentityParts {
  readonly database: Kysely<Tables>;
  /** Wall time. */
  readonly nowMs: () => number;
  readonly changes: ChangeNotices;
  readonly runAlone: RunAlone;
}

/** Who is known, and word of every change of that. */
export interface Identity {
  readonly users: UserTable;
  readonly apiKeys: ApiKeyTable;
  readonly teams: TeamTable;
  readonly roles: RoleTable;
  readonly passwords: PasswordTable;
  readonly sessions: SessionTable;
  /** Whether there is a user, as of the last change that was heard of here. */
  readonly hasUsers: boolean;
  /**
   * Runs what makes the first user, alone among all replicas. Rejects with PlatformError `conflict` when there is a user
   * by then, and `unavailable`.
   */
  makeFirst<Result>(make: () => Promise<Result>): Promise<Result>;
  /**
   * Who calls with a key; undefined for one that does not work. Notes that the key was used.
   * Rejects with PlatformError `unavailable`.
   * @param sha256 of the key's text, in lower-case hexadecimal
   */
  findKey(sha256: string): Promise<KeyHolder | undefined>;
  /** The same by the key's id, for who has shown it before. */
  findKeyById(id: string): Promise<KeyHolder | undefined>;
  /** A user with what the role allows and the team shares now. Rejects with PlatformError `unavailable`. */
  toMember(user: User): Promise<Member>;
  /**
   * Calls `listener` after each change of a user, a key, a team or a role, and when sessions are ended, wherever that was
   * done.
   */
  onChange(listener: (news: IdentityNews) => void): void;
  /** Something was changed by another server, or may have been. Never rejects. */
  changedElsewhere(type: IdentityNews["type"]): Promise<void>;
  /** Writes down what is not yet. */
  close(): Promise<void>;
}

/** What a notice to other replicas names: it says that something was changed, and not what. */
const anyone = "*";
/** When a key was last used is written this often. */
const noteUseEveryMs = 10_000;

/** Rejects with PlatformError `unavailable`. */
export async function createIdentity({
  database,
  nowMs,
  changes,
  runAlone,
}: IdentityParts): Promise<Identity> {
  const users = createUserTable(database);
  const apiKeys = createApiKeyTable(database);
  const passwords = createPasswordTable(database);
  const teams = createTeamTable(database);
  const roles = createRoleTable(database);
  const sessions = createSessionTable(database);
  const state = { hasUsers: await users.hasAny() };
  const listeners: ((news: IdentityNews) => void)[] = [];
  const uses = createUseNotes(apiKeys);

  async function lookAgain(news: IdentityNews): Promise<void> {
    state.hasUsers = await users.hasAny().catch(() => state.hasUsers);
    for (const listener of listeners) listener(news);
  }

  async function changed<Result>(change: Promise<Result>): Promise<Result> {
    let type: IdentityNews["type"] = "missed";
    try {
      const result = await change;
      type = "changed";
      return result;
    } finally {
      // Also one that failed may have taken effect; who calls is asked anew then, as far as the database answers.
      await lookAgain({ by: "here", type });
      // Replicas that are not told look again within half a minute.
      await changes.announce("identity", anyone).catch(() => undefined);
    }
  }

  changes.onRemote("identity", ({ type }) => void lookAgain({ by: "elsewhere", type }));

  async function deleteUser(id: string): Promise<boolean> {
    const wasThere = await users.delete(id);
    await passwords.clear(id);
    await sessions.revokeOfUser({ id }, nowMs());
    return wasThere;
  }

  async function toMember(user: User): Promise<Member> {
    const [permissions = new Set<Permission>(), team] = await Promise.all([
      roles.permissionsOf(user.role),
      user.teamId === null ? undefined : teams.find(user.teamId),
    ]);
    return { user, permissions, team };
  }

  async function toFound({ owner, ...found }: StoredKey): Promise<FoundKey> {
    return { ...found, owner: owner === undefined ? undefined : await toMember(owner) };
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
      update: (id, change) => changed(apiKeys.update(id, change)),
      rotate: (id, secret, previousExpiresAtMs) => changed(apiKeys.rotate(id, secret, previousExpiresAtMs)),
      revoke: (id, revokedAtMs) => changed(apiKeys.revoke(id, revokedAtMs)),
    },
    teams: {
      ...teams,
      insert: (team) => changed(teams.insert(team)),
      update: (id, change) => changed(teams.update(id, change)),
      delete: (id) => changed(teams.delete(id)),
    },
    roles: {
      ...roles,
      insert: (role) => changed(roles.insert(role)),
      update: (name, change) => changed(roles.update(name, change)),
      delete: (name) => changed(roles.delete(name)),
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
    toMember,
    makeFirst: (make) =>
      runAlone("first_user", async () => {
        if (!(await users.hasAny())) return make();
        // Also where word of that user has not come yet.
        if (!state.hasUsers) await lookAgain({ by: "elsewhere", type: "changed" });
        throw new PlatformError("conflict", "There is a first user already. Ask an admin for a user.");
      }),
    async findKey(sha256) {
      const found = await apiKeys.findBySha256(sha256);
      const holder = found === undefined ? undefined : toKeyHolder(await toFound(found), nowMs());
      if (holder !== undefined) uses.note(holder.principal.id, nowMs());
      return holder;
    },
    onChange(listener) {
      listeners.push(listener);
    },
    async findKeyById(id) {
      const key = await apiKeys.find(id);
      if (key === undefined) return undefined;
      const owner = key.ownerId === null ? undefined : await users.find(key.ownerId);
      return toKeyHolder(await toFound({ key, owner, isPrevious: false }), nowMs());
    },
    changedElsewhere: (type) => lookAgain({ by: "elsewhere", type }),
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
