import { type Role, roleNames } from "./permissions.ts";

/** Which role whose claims give. */
export interface ClaimRules {
  readonly groupsClaim: string;
  readonly roleMapping: Readonly<Record<string, Role>>;
  /** Of a user without a mapped group; undefined for no access. */
  readonly defaultRole: Role | undefined;
  /** Undefined for any, also none. */
  readonly allowedEmailDomains: readonly string[] | undefined;
}

/** What verified claims say of a user. */
export type ExternalIdentity =
  | { readonly type: "user"; readonly role: Role; readonly email: string | null; readonly label: string }
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
  const granted = groups.filter((group) => Object.hasOwn(rules.roleMapping, group));
  const roles = new Set(granted.map((group) => rules.roleMapping[group]));
  const role = roleNames.find((name) => roles.has(name)) ?? rules.defaultRole;
  if (role === undefined) return { type: "refused", why: "no mapped group" };
  const label = email ?? textOf(claims["preferred_username"]) ?? textOf(claims["sub"]) ?? "";
  return { type: "user", role, email: email ?? null, label: toLabel(label) };
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
