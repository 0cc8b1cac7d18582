import { hash } from "node:crypto";
import { type Log, PlatformError } from "@llm-platform/kit";
import { readExternalIdentity } from "../../core/external-identity.ts";
import type { Member, User } from "../../core/identity.ts";
import { noLimits } from "../../core/limits.ts";
import type { Identity } from "../../store/identity.ts";
import type { ProviderSettings } from "./identity-provider.ts";

export interface ExternalUserParts {
  readonly identity: Identity;
  readonly log: Log;
  /** Since the epoch. */
  readonly nowMs: () => number;
}

/** Users whom a provider knows. They are made when they come first, and follow what newer tokens say of them. */
export interface ExternalUsers {
  /**
   * The user of verified claims; undefined for one who has no access.
   * Rejects with PlatformError `unavailable`.
   */
  admit(settings: ProviderSettings, claims: Readonly<Record<string, unknown>>): Promise<Member | undefined>;
}

const mostRemembered = 10_000;

export function createExternalUsers({ identity, log, nowMs }: ExternalUserParts): ExternalUsers {
  /** When the newest token was made that was seen of a user: an older one must not bring back what it said. */
  const newest = new Map<string, number>();

  function isNewest(id: string, claims: Readonly<Record<string, unknown>>): boolean {
    const issuedAt = typeof claims["iat"] === "number" ? claims["iat"] : 0;
    const before = newest.get(id);
    if (before !== undefined && issuedAt <= before) return false;
    newest.delete(id);
    const oldest = newest.keys().next();
    if (newest.size >= mostRemembered && oldest.done !== true) newest.delete(oldest.value);
    newest.set(id, issuedAt);
    return true;
  }

  async function insert(user: User): Promise<User> {
    try {
      await identity.users.insert(user);
      return user;
    } catch (error) {
      if (!(error instanceof PlatformError) || error.code !== "conflict") throw error;
    }
    // Made meanwhile by another call, or another user of the provider goes by the same name.
    const there = await identity.users.find(user.id);
    if (there !== undefined) return there;
    const named = { ...user, name: `${user.name} ${user.id.slice(-8)}` };
    await identity.users.insert(named);
    return named;
  }

  /** Id of a team that claims name. One that does not exist is none: the group may be ahead of it. */
  async function findTeam(provider: string, name: string | null | undefined) {
    if (name === undefined || name === null) return name;
    const team = await identity.teams.findByName(name);
    if (team === undefined)
      log.warn("login.team_unknown", {
        provider,
        team: name,
        remedy: "Make the team, or change team_mapping.",
      });
    return team?.id ?? null;
  }

  async function warnOfRole(provider: string, role: string): Promise<void> {
    if ((await identity.roles.permissionsOf(role)) !== undefined) return;
    log.warn("login.role_unknown", { provider, role, remedy: "Make the role, or change role_mapping." });
  }

  /** Changes a user to what newer claims say; undefined when the user is gone. */
  async function follow(
    known: User,
    {
      role,
      teamId = known.teamId,
      email,
    }: Pick<User, "role" | "email"> & { teamId: string | null | undefined },
  ): Promise<User | undefined> {
    if (known.role === role && known.teamId === teamId && known.email === email) return known;
    return identity.users.update(known.id, { role, teamId, email });
  }

  return {
    async admit(settings, claims) {
      const external = readExternalIdentity(claims, settings);
      if (external.type === "refused") {
        log.info("login.refused", { provider: settings.name, why: external.why });
        return undefined;
      }
      const { role, email, label } = external;
      const id = toUserId(settings.issuer, String(claims["sub"]));
      const known = await identity.users.find(id);
      const isNews = isNewest(id, claims);
      if (known !== undefined && !isNews) return identity.toMember(known);
      await warnOfRole(settings.name, role);
      const teamId = await findTeam(settings.name, external.team);
      if (known !== undefined) {
        const user = await follow(known, { role, teamId, email });
        return user === undefined ? undefined : identity.toMember(user);
      }
      log.info("login.user_made", { provider: settings.name, user: id, role });
      const user = await insert({
        id,
        name: `${label} (${settings.name})`,
        kind: "oidc",
        email,
        role,
        teamId: teamId ?? null,
        isActive: true,
        limits: noLimits,
        createdAtMs: nowMs(),
      });
      return identity.toMember(user);
    },
  };
}

/** The same for the same user of the same issuer, and for no other. */
function toUserId(issuer: string, subject: string): string {
  return `user_oidc_${hash("sha256", JSON.stringify([issuer, subject])).slice(0, 40)}`;
}
