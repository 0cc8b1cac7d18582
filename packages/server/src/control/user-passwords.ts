import { PlatformError } from "@llm-platform/kit";
import { z } from "zod";
import type { User } from "../core/identity.ts";
import type { Identity } from "../store/identity.ts";
import { newPassword } from "./auth.ts";
import type { PasswordHasher } from "./login/password-hash.ts";
import { defineOperation, type Operation } from "./operation.ts";
import { findWithin, userAudit, userId } from "./user-fields.ts";

export interface UserPasswordParts {
  readonly identity: Identity;
  readonly hasher: PasswordHasher;
}

const path = "/api/v1/users/{id}/password";
const output = z.object({ has_password: z.boolean() });
/** Operations by which an admin gives users passwords, and takes them away. */
export function userPasswordOperations({ identity, hasher }: UserPasswordParts): readonly Operation[] {
  const audit = userAudit(identity);
  return [
    defineOperation({
      name: "users.set_password",
      summary: "Gives a user a password, and ends the user's sessions.",
      permission: "users.write",
      rest: { method: "PUT", path },
      input: userId.extend({ password: newPassword }),
      output,
      audit,
      run: async ({ id, password }, { principal }) => {
        requirePerson(await findWithin(identity, id, principal.permissions));
        await identity.passwords.set(id, await hasher.hash(password), Date.now());
        await identity.sessions.revokeOfUser({ id }, Date.now());
        return { has_password: true };
      },
    }),
    defineOperation({
      name: "users.clear_password",
      summary: "Takes a user's password away, and ends the user's sessions. Keys go on working.",
      permission: "users.write",
      rest: { method: "DELETE", path },
      input: userId,
      output,
      audit,
      run: async ({ id }, { principal }) => {
        requirePerson(await findWithin(identity, id, principal.permissions));
        await identity.passwords.clear(id);
        await identity.sessions.revokeOfUser({ id }, Date.now());
        return { has_password: false };
      },
    }),
  ];
}

function requirePerson(user: User): void {
  if (user.kind === "person") return;
  throw new PlatformError(
    "conflict",
    `Only a person has a password, and ${user.name} is none: ${user.kind}.`,
  );
}
