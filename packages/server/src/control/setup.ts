import { z } from "zod";
import { permissionsOf } from "../core/permissions.ts";
import type { Identity } from "../store/identity.ts";
import { newPassword } from "./auth.ts";
import { keyName } from "./key-fields.ts";
import type { PasswordHasher } from "./login/password-hash.ts";
import type { Setup } from "./login/setup.ts";
import { createUser, insertWithKey } from "./new-user.ts";
import { noteRefusal } from "./failed-try.ts";
import { defineOperation, type Operation } from "./operation.ts";

export interface SetupOperationParts {
  readonly identity: Identity;
  readonly hasher: PasswordHasher;
  readonly setup: Setup;
}

/** The operation by which a new server gets its first admin. */
export function setupOperations({ identity, hasher, setup }: SetupOperationParts): readonly Operation[] {
  return [
    defineOperation({
      name: "setup.claim",
      summary: "Makes the first admin of a new server, for the token that it printed when it started.",
      permission: "public",
      rest: { method: "POST", path: "/api/v1/setup" },
      input: z.strictObject({
        token: z.string().min(1).max(128).meta({ format: "secret" }),
        name: keyName,
        password: newPassword.optional(),
      }),
      output: z.object({
        id: z.string().describe("Of the admin."),
        name: z.string(),
        key: z.string().describe("The text of the admin's key. It is shown this once."),
      }),
      audit: "itself",
      run: async ({ token, name, password }, context) => {
        const make = async () => {
          const phc = password === undefined ? undefined : await hasher.hash(password);
          const user = createUser({ name, kind: "person", email: null, role: "admin" });
          const target = { type: "user", id: user.id, name };
          const intent = {
            operation: "setup.claim",
            caller: context,
            target,
            before: null,
            asked: null,
          };
          return context.auditor.change(intent, async () => {
            if (phc !== undefined) await identity.passwords.set(user.id, phc, user.createdAtMs);
            const key = await insertWithKey(identity, {
              user,
              scopes: permissionsOf("admin"),
              createdBy: "setup",
            });
            return { result: { id: user.id, name, key }, target, after: null };
          });
        };
        try {
          return await setup.claim(token, () => identity.makeFirst(make));
        } catch (error) {
          noteRefusal(context, { operation: "setup.claim", error });
          throw error;
        }
      },
    }),
  ];
}
