import { hash, randomBytes, randomUUID } from "node:crypto";
import { PlatformError } from "@llm-platform/kit";
import type { User } from "../../core/identity.ts";
import type { Identity } from "../../store/identity.ts";
import type { RefreshSecret } from "../../store/session-table.ts";
import type { AccessTokens } from "./access-token.ts";

export interface SessionParts {
  readonly identity: Identity;
  readonly tokens: AccessTokens;
  readonly accessMs: number;
  readonly refreshMs: number;
  /** Since the epoch. */
  readonly nowMs: () => number;
}

/** What a client has after a login, and after each refresh. */
export interface TokenPair {
  readonly accessToken: string;
  readonly accessSeconds: number;
  readonly refreshToken: string;
  readonly refreshSeconds: number;
}

export interface FoundSession {
  readonly id: string;
  /** Null of a user who is gone. */
  readonly userName: string | null;
}

/** Logins that go on, by a refresh token that is good for one use. */
export interface Sessions {
  /** Rejects with PlatformError `unavailable` or `sealed`, as all do. */
  open(user: User): Promise<TokenPair>;
  /** Rejects with `unauthenticated` for a token that does not work. One that was used before ends its session. */
  refresh(refreshToken: string): Promise<TokenPair>;
  /** The session of a refresh token, used or not; undefined when there is none. */
  find(refreshToken: string): Promise<FoundSession | undefined>;
  /** Ends a session. Resolves with whether it stood. */
  end(sessionId: string): Promise<boolean>;
}

/** Who shows a refresh token that was used before, or who used it, has stolen it; the session stood until now. */
export class RefreshReused extends PlatformError {
  readonly sessionId: string;

  constructor(sessionId: string) {
    super("unauthenticated", noLongerWorks, { field: "refresh_token" });
    this.sessionId = sessionId;
  }
}

interface NewRefresh extends RefreshSecret {
  readonly text: string;
}

/** A session ends after this long, however often it is refreshed. */
const longestMs = 30 * 86_400_000;
/** The same for a user of a provider, who may have lost the access there. */
const longestExternalMs = 86_400_000;
const start = "llmr_";
const noLongerWorks = "The refresh token works no longer. Log in again.";
const randomBytesPerToken = 32;

export function createSessions({ identity, tokens, accessMs, refreshMs, nowMs }: SessionParts): Sessions {
  const createRefresh = (startedAtMs: number): NewRefresh => {
    const text = start + randomBytes(randomBytesPerToken).toString("base64url");
    const expiresAtMs = Math.min(nowMs() + refreshMs, startedAtMs + longestMs);
    return { text, sha256: hash("sha256", text), expiresAtMs };
  };
  async function toPair(user: User, sessionId: string, refresh: NewRefresh): Promise<TokenPair> {
    return {
      accessToken: await tokens.issue({ userId: user.id, sessionId, role: user.role }),
      accessSeconds: Math.floor(accessMs / 1_000),
      refreshToken: refresh.text,
      refreshSeconds: Math.round((refresh.expiresAtMs - nowMs()) / 1_000),
    };
  }
  return {
    async open(user) {
      const createdAtMs = nowMs();
      await identity.sessions.deleteEnded(createdAtMs);
      const id = `session_${randomUUID()}`;
      const refresh = createRefresh(createdAtMs);
      const { expiresAtMs } = refresh;
      const pair = await toPair(user, id, refresh);
      await identity.sessions.insert(
        { id, userId: user.id, createdAtMs, expiresAtMs, revokedAtMs: null },
        refresh,
      );
      return pair;
    },
    async refresh(refreshToken) {
      const refreshed = await identity.sessions.rotate(
        hash("sha256", refreshToken),
        ({ createdAtMs }) => createRefresh(createdAtMs),
        nowMs(),
      );
      if (refreshed.type === "reused" && (await identity.sessions.revoke(refreshed.sessionId, nowMs())))
        throw new RefreshReused(refreshed.sessionId);
      if (refreshed.type !== "rotated") throw unknownRefresh();
      const { session, next } = refreshed;
      const user = await identity.users.find(session.userId);
      if (user?.isActive !== true) throw unknownRefresh();
      if (user.kind === "oidc" && nowMs() >= session.createdAtMs + longestExternalMs) throw unknownRefresh();
      return toPair(user, session.id, next);
    },
    async find(refreshToken) {
      const id = await identity.sessions.findByRefresh(hash("sha256", refreshToken));
      const session = id === undefined ? undefined : await identity.sessions.find(id);
      if (session === undefined) return undefined;
      const user = await identity.users.find(session.userId);
      return { id: session.id, userName: user?.name ?? null };
    },
    end: (sessionId) => identity.sessions.revoke(sessionId, nowMs()),
  };
}

function unknownRefresh(): PlatformError {
  return new PlatformError("unauthenticated", noLongerWorks, { field: "refresh_token" });
}
