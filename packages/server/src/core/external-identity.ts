import { roleNames } from "./permissions.ts";

/** Which role and team whose claims give. */
export interface ClaimRules {
  readonly groupsClaim: string;
  /** Names of roles by group. */
  readonly roleMapping: Readonly<Record<string, string>>;
  /** Of a user without a mapped group; undefined for no access. */
  readonly defaultRole: string | undefined;
  /** Names of teams by group, the first that fits counts; undefined where claims say nothing of teams. */
  readonly teamMapping: Readonly<Record<string, string>> | undefined;
  /** Undefined for any, also none. */
  readonly allowedEmailDomains: readonly string[] | undefined;
}

/** What verified claims say of a user. */
export type ExternalIdentity =
  | {
      readonly type: "user";
      readonly role: string;
      /** Name of the team; null for none, undefined where the claims say nothing of it. */
      readonly team: string | null | undefined;
      readonly email: string | null;
      readonly label: string;
    }
  | { readonly type: "refused"; readonly why: string };

const longestLabel = 96;

/**
 * Reads verified claims. An e-mail address counts only when the provider says that it has verified it.
 * @param claims of a token whose signature, issuer, audience and time were checked
 */
export function readExternalIdentity(
  claims: Readonly<Record<string, unknown>>,
  rules: ClaimRules,
): ExternalIdentity {
  const email = claims["email_verified"] === true ? textOf(claims["email"])?.toLowerCase() : undefined;
  if (rules.allowedEmailDomains?.includes(domainOf(email)) === false)
    return { type: "refused", why: "no verified e-mail address in an allowed domain" };
  const groups = listOf(claims[rules.groupsClaim]);
  const role = strongest(mapped(rules.roleMapping, groups)) ?? rules.defaultRole;
  if (role === undefined) return { type: "refused", why: "no mapped group" };
  const label = email ?? textOf(claims["preferred_username"]) ?? textOf(claims["sub"]) ?? "";
  const { teamMapping } = rules;
  const team = teamMapping === undefined ? undefined : (mapped(teamMapping, groups)[0] ?? null);
  return { type: "user", role, team, email: email ?? null, label: toLabel(label) };
}

/** What the groups stand for, in the order of the mapping. */
function mapped(mapping: Readonly<Record<string, string>>, groups: readonly string[]): readonly string[] {
  return Object.entries(mapping)
    .filter(([group]) => groups.includes(group))
    .map(([, value]) => value);
}

/** Admin beats every other role, and one that was made here beats the rest of those that every platform has. */
function strongest(roles: readonly string[]): string | undefined {
  const [admin, ...others] = roleNames;
  if (roles.includes(admin)) return admin;
  return (
    roles.find((role) => !others.some((each) => each === role)) ?? others.find((role) => roles.includes(role))
  );
}

function domainOf(email: string | undefined): string {
  return email?.slice(email.lastIndexOf("@") + 1) ?? "";
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Some providers give a single group as a text. */
function listOf(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
}

/** Without anything that a ledger, a log or a screen would stumble over. */
function toLabel(text: string): string {
  return text.replaceAll(/[^\p{L}\p{N}._@+-]/gu, "_").slice(0, longestLabel);
}
