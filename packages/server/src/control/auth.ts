import { PlatformError } from "@llm-platform/kit";
import { z } from "zod";
import type { AuditTarget } from "../core/audit-record.ts";
import type { User } from "../core/identity.ts";
import type { Identity } from "../store/identity.ts";
import type { LoginGuard } from "./login/login-guard.ts";
import type { PasswordHasher } from "./login/password-hash.ts";
import type { Sessions, TokenPair } from "./login/sessions.ts";
import { noteRefusal } from "./failed-try.ts";
import { defineOperation, type Operation } from "./operation.ts";

export interface AuthOperationParts {
  readonly identity: Identity;
  readonly hasher: PasswordHasher;
  readonly guard: LoginGuard;
  readonly sessions: Sessions;
}

/** What a new password must be. Length is what counts: no rule asks for digits or signs. */
export const newPassword = z
  .string()
  .min(12)
  .max(256)
  .describe("At least 12 characters; longer is better than odder.")
  .meta({ format: "secret" });

const givenPassword = z.string().min(1).max(256).meta({ format: "secret" });

const tokenPair = z.object({
  access_token: z.string().describe("To be sent as `Authorization: Bearer …`."),
  token_type: z.literal("Bearer"),
  expires_in: z.number().describe("Seconds until the access token ends."),
  refresh_token: z.string().describe("Gets the next pair, once. Shown again, it ends the session."),
  refresh_expires_in: z.number().describe("Seconds until the refresh token ends."),
});

/** Operations by which people get tokens, and let go of them. */
export function authOperations(parts: AuthOperationParts): readonly Operation[] {
  return [loginOperation(parts), ...sessionOperations(parts), passwordOperation(parts)];
}

function loginOperation(parts: AuthOperationParts): Operation {
  return defineOperation({
    name: "auth.login",
    summary: "Gives an access token and a refresh token for a name and a password.",
    permission: "public",
    rest: { method: "POST", path: "/api/v1/auth/login" },
    input: z.strictObject({ name: z.string().min(1).max(128), password: givenPassword }),
    output: tokenPair,
    audit: "itself",
    run: async ({ name, password }, context) => {
      const { identity, sessions } = parts;
      const user = await identity.users.findByName(name);
      try {
        await requirePassword(parts, { user, name, password, address: context.address });
        if (user?.isActive !== true) throw wrongPassword();
      } catch (error) {
        // Not what was typed: it may be a password in the wrong field.
        const target = user === undefined ? undefined : toUserTarget(user);
        noteRefusal(context, { operation: "auth.login", error, target });
        throw error;
      }
      const target = toUserTarget(user);
      const intent = {
        operation: "auth.login",
        caller: context,
        target,
        before: null,
        asked: null,
      };
      return context.auditor.change(intent, async () => {
        const pair = await sessions.open(user);
        return { result: toOutput(pair), target, after: null };
      });
    },
  });
}

function sessionOperations({ identity, sessions }: AuthOperationParts): readonly Operation[] {
  return [
    defineOperation({
      name: "auth.refresh",
      summary: "Gives the next access token and refresh token for a refresh token, which works once.",
      permission: "public",
      rest: { method: "POST", path: "/api/v1/auth/refresh" },
      input: z.strictObject({ refresh_token: z.string().min(1).max(256) }),
      output: tokenPair,
      audit: "itself",
      run: async ({ refresh_token }, context) => {
        try {
          return toOutput(await sessions.refresh(refresh_token));
        } catch (error) {
          noteRefusal(context, { operation: "auth.refresh", error });
          throw error;
        }
      },
    }),
    defineOperation({
      name: "auth.logout",
      summary:
        "Ends the session of the caller's token: it and every token of the same login are dead at once.",
      permission: "self.write",
      rest: { method: "POST", path: "/api/v1/auth/logout" },
      input: z.strictObject({}),
      output: z.object({ ended: z.boolean() }),
      audit: { target: () => ({ type: "session", id: null, name: null }) },
      run: async (_input, { principal: { sessionId } }) => {
        if (sessionId === undefined)
          throw new PlatformError("conflict", "The caller has no session: only a login can be ended.");
        return { ended: await identity.sessions.revoke(sessionId, Date.now()) };
      },
    }),
  ];
}

function passwordOperation(parts: AuthOperationParts): Operation {
  const { identity, hasher } = parts;
  return defineOperation({
    name: "auth.password",
    summary: "Changes the caller's own password, and ends the other sessions.",
    permission: "self.write",
    rest: { method: "POST", path: "/api/v1/auth/password" },
    input: z.strictObject({ current_password: givenPassword, new_password: newPassword }),
    output: z.object({ changed: z.boolean() }),
    audit: { target: () => ({ type: "password", id: null, name: null }) },
    run: async ({ current_password, new_password }, { principal, address }) => {
      const { userId, sessionId } = principal;
      const user = userId === undefined ? undefined : await identity.users.find(userId);
      if (user === undefined || sessionId === undefined)
        throw new PlatformError("conflict", "Only who has logged in has a password to change.");
      await requirePassword(parts, { user, name: user.name, password: current_password, address });
      await identity.passwords.set(user.id, await hasher.hash(new_password), Date.now());
      await identity.sessions.revokeOfUser({ id: user.id, exceptSession: sessionId }, Date.now());
      return { changed: true };
    },
  });
}

/** Throws PlatformError `unauthenticated`, after as much work whoever is asked for, or `rate_limited`. */
async function requirePassword(
  { identity, hasher, guard }: AuthOperationParts,
  given: {
    readonly user: User | undefined;
    readonly name: string;
    readonly password: string;
    readonly address: string | undefined;
  },
): Promise<void> {
  const { user, name, password, address } = given;
  const attempt = guard.begin(name, address);
  const phc = user === undefined ? undefined : await identity.passwords.find(user.id);
  if (!(await hasher.isRight(password, phc))) throw wrongPassword();
  attempt.succeeded();
}

function toUserTarget({ id, name }: User): AuditTarget {
  return { type: "user", id, name };
}

function wrongPassword(): PlatformError {
  return new PlatformError("unauthenticated", "The name or the password is wrong.");
}

function toOutput(pair: TokenPair): z.output<typeof tokenPair> {
  return {
    access_token: pair.accessToken,
    token_type: "Bearer",
    expires_in: pair.accessSeconds,
    refresh_token: pair.refreshToken,
    refresh_expires_in: pair.refreshSeconds,
  };
}
