import { z } from "zod";
import { roleNamePattern } from "../core/role.ts";
import { isLoopbackHost } from "./loopback-host.ts";
import { secretText } from "./section.ts";

const providerName = /^[a-z0-9][a-z0-9-]{0,62}$/;

const roleName = z
  .string()
  .regex(roleNamePattern, "must be the name of a role: small letters, digits, - and _, a letter first");

const provider = z
  .strictObject({
    name: z
      .string()
      .regex(providerName, "must be small letters, digits and -, a letter or digit first")
      .describe("By which it stands in addresses and in the names of its users."),
    issuer: z
      .string()
      .refine(isIssuer, "must be an https address without a query; http is for this machine only")
      .describe("Its `iss`, exactly. Its discovery document is read from below it."),
    audience: z
      .string()
      .min(1)
      .max(256)
      .describe("`aud` that its tokens must have to be good as a bearer token here."),
    client_id: z
      .string()
      .min(1)
      .max(256)
      .optional()
      .describe("This server's name at the provider. With it people can log in by their browser."),
    client_secret: secretText(1, "What proves it; absent for a public client.").optional(),
    groups_claim: z.string().min(1).default("groups").describe("Claim that lists a user's groups."),
    role_mapping: z
      .record(z.string().min(1), roleName)
      .default({})
      .describe(
        "Roles by group, also those that were made here. Of several admin counts, then one that was made here, then operator, developer, viewer. Who gets one that does not exist may do nothing.",
      ),
    team_mapping: z
      .record(z.string().min(1), z.string().min(1).max(128))
      .optional()
      .describe(
        "Names of teams by group; of several the first in here counts, and who has none of the groups is in no team. Absent: teams are set by hand.",
      ),
    default_role: roleName.optional().describe("Role of a user without a mapped group. Absent: no access."),
    allowed_email_domains: z
      .array(z.string().regex(/^[a-z0-9.-]+$/, "must be a domain in small letters"))
      .min(1)
      .optional()
      .describe("Only users with a verified e-mail address in one of them have access. Absent: all."),
  })
  .refine((entry) => entry.client_secret === undefined || entry.client_id !== undefined, {
    message: "is needed beside client_secret",
    path: ["client_id"],
  })
  .refine((entry) => Object.keys(entry.role_mapping).length > 0 || entry.default_role !== undefined, {
    message: "has no entry, and there is no default_role: nobody would have access",
    path: ["role_mapping"],
  });

export const oidcProviders = z
  .array(provider)
  .default([])
  .describe(
    "OpenID Connect providers whose users may call. With one of them every caller needs a key or a token.",
  )
  .superRefine((entries, context) => {
    for (const field of ["name", "issuer"] as const) {
      for (const [index, entry] of entries.entries()) {
        if (entries.findIndex((other) => other[field] === entry[field]) === index) continue;
        context.addIssue({
          code: "custom",
          path: [index, field],
          message: `the ${field} \`${entry[field]}\` is given twice`,
        });
      }
    }
  });

function isIssuer(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.search !== "" || url.hash !== "" || url.username !== "") return false;
  return url.protocol === "https:" || (url.protocol === "http:" && isLoopbackHost(url.hostname));
}
