import { PlatformError } from "@llm-platform/kit";
import { z } from "zod";
import type { Session } from "../core/identity.ts";
import type { Identity } from "../store/identity.ts";
import { defineOperation, type Operation } from "./operation.ts";
import { showAs } from "./shown.ts";
import { findWithin, userAudit, userId } from "./user-fields.ts";

export interface SessionOperationParts {
  readonly identity: Identity;
  /** Since the epoch. */
  nowMs(): number;
}

const sessionSchema = z.object({
  id: z.string(),
  user: z.string().describe("Id of whose login it is."),
  created_at: z.string().describe("When the user logged in."),
  expires_at: z.string().describe("When it ends, if it is not refreshed before."),
  is_current: z.boolean().describe("Whether it is the session of the caller."),
});

const sessionId = z.strictObject({ id: z.string().min(1).max(64) });

/** Operations on logins that go on. Their tokens are told by none of them. */
export function sessionOperations({ identity, nowMs }: SessionOperationParts): readonly Operation[] {
  return [listOperation(identity, nowMs), ...endingOperations(identity, nowMs)];
}

function listOperation(identity: Identity, nowMs: () => number): Operation {
  return defineOperation({
    name: "sessions.list",
    summary: "Logins that go on, without their tokens.",
    permission: "users.read",
    rest: { method: "GET", path: "/api/v1/sessions" },
    input: z.strictObject({
      user: z.string().min(1).max(64).optional().describe("Id of a user: only that user's."),
      limit: z.coerce.number().int().min(1).max(1_000).default(100),
      cursor: z.string().max(64).default("").describe("next_cursor of the page before."),
    }),
    output: z.object({ sessions: z.array(sessionSchema).readonly(), next_cursor: z.string().nullable() }),
    run: async ({ user, limit, cursor }, { principal }) => {
      const page = await identity.sessions.list({ userId: user, afterId: cursor, limit, nowMs: nowMs() });
      return {
        sessions: page.map((session) => toRow(session, principal.sessionId)),
        next_cursor: page.length < limit ? null : (page.at(-1)?.id ?? null),
      };
    },
  });
}

function endingOperations(identity: Identity, nowMs: () => number): readonly Operation[] {
  return [
    defineOperation({
      name: "sessions.end",
      summary: "Ends a login: its tokens are dead at once. The user's keys go on working.",
      permission: "users.write",
      rest: { method: "DELETE", path: "/api/v1/sessions/{id}" },
      input: sessionId,
      output: sessionSchema,
      audit: {
        target: ({ id }) => ({ type: "session", id, name: null }),
        nameOf: async ({ id }) => {
          const session = await identity.sessions.find(id);
          return session === undefined ? undefined : (await identity.users.find(session.userId))?.name;
        },
        before: async ({ id }) =>
          showAs(sessionSchema, toRow(requireSession(await identity.sessions.find(id), id, nowMs()))),
        after: () => null,
      },
      run: async ({ id }, { principal }) => {
        const session = requireSession(await identity.sessions.find(id), id, nowMs());
        // Also of a user who is gone, or of a role that has since become greater.
        if ((await identity.users.find(session.userId)) !== undefined)
          await findWithin(identity, session.userId, principal.permissions);
        await identity.sessions.revoke(id, nowMs());
        return toRow(session, principal.sessionId);
      },
    }),
    defineOperation({
      name: "users.end_sessions",
      summary: "Ends every login of a user. The user's keys go on working.",
      permission: "users.write",
      rest: { method: "DELETE", path: "/api/v1/users/{id}/sessions" },
      input: userId,
      output: z.object({ ended: z.number().describe("How many were ended.") }),
      audit: userAudit(identity),
      run: async ({ id }, { principal }) => {
        await findWithin(identity, id, principal.permissions);
        return { ended: await identity.sessions.revokeOfUser({ id }, nowMs()) };
      },
    }),
  ];
}

/** Throws PlatformError `not_found` for one that has ended, or never was. */
function requireSession(session: Session | undefined, id: string, nowMs: number): Session {
  if (session !== undefined && session.revokedAtMs === null && session.expiresAtMs > nowMs) return session;
  throw new PlatformError("not_found", `There is no session with the id ${id}, or it has ended.`);
}

function toRow(session: Session, current?: string): z.output<typeof sessionSchema> {
  return {
    id: session.id,
    user: session.userId,
    created_at: new Date(session.createdAtMs).toISOString(),
    expires_at: new Date(session.expiresAtMs).toISOString(),
    is_current: session.id === current,
  };
}
