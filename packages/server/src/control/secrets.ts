import { z } from "zod";
import type { Vault, VaultStatus } from "../store/vault.ts";
import { defineOperation, type Operation } from "./operation.ts";
import { showAs } from "./shown.ts";

const status = z.object({
  sealed: z
    .boolean()
    .describe("Whether a master key is missing, so that nothing but these operations works."),
  source: z
    .enum(["configuration", "file", "unseal"])
    .nullable()
    .describe("Where the key comes from that seals; null while there is none."),
  keys: z
    .array(
      z.object({
        id: z.string().describe("By which the key is known. Nothing of the key can be told from it."),
        state: z
          .enum(["current", "previous", "missing"])
          .describe("current seals, previous only opens, missing is not here."),
        secrets: z.number().describe("How many secrets are sealed under it."),
      }),
    )
    .readonly(),
});

const masterKey = z
  .string()
  .min(1)
  .max(256)
  .describe("32 bytes in hexadecimal or base64.")
  .meta({ format: "secret" });

/** Operations on how secrets are sealed. None of them tells a secret or a key. */
export function secretOperations(vault: Vault): readonly Operation[] {
  const audit = {
    target: () => ({ type: "master_key", id: null, name: null }),
    before: async () => showAs(status, toOutput(await vault.status())),
  };
  return [
    defineOperation({
      name: "secrets.status",
      summary: "The master keys by their ids, and how many secrets are sealed under each.",
      permission: "secrets.manage",
      rest: { method: "GET", path: "/api/v1/secrets/status" },
      input: z.strictObject({}),
      output: status,
      run: async () => toOutput(await vault.status()),
    }),
    defineOperation({
      name: "secrets.rotate",
      summary:
        "Puts every secret under a new master key while calls go on. With a configured key: puts those under a key before under it.",
      permission: "secrets.manage",
      rest: { method: "POST", path: "/api/v1/secrets/rotate" },
      audit,
      input: z.strictObject({
        master_key: masterKey.optional().describe("The new key. Absent: a random one."),
      }),
      output: status,
      run: async ({ master_key }) => toOutput(await vault.rotate(master_key)),
    }),
    defineOperation({
      name: "secrets.unseal",
      summary: "Gives a server that was started without it the missing master key, until it ends.",
      permission: "secrets.manage",
      rest: { method: "POST", path: "/api/v1/secrets/unseal" },
      audit,
      input: z.strictObject({ master_key: masterKey }),
      output: status,
      run: async ({ master_key }) => toOutput(await vault.unseal(master_key)),
    }),
  ];
}

function toOutput({ isSealed, source, keys }: VaultStatus): z.output<typeof status> {
  return { sealed: isSealed, source: source ?? null, keys };
}
