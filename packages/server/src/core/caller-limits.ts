import { type Limit, type LimitValues, noLimits, toLimit } from "./limits.ts";
import type { Principal } from "./principal.ts";

/** What holds for keys and users that have no limits of their own. Teams have only those that they are given. */
export interface CallerLimitDefaults {
  readonly key: LimitValues;
  readonly user: LimitValues;
}

/** The limits that come with a caller, from the narrowest on. */
export function limitsOfCaller(
  { id, kind, userId, limits, userLimits, teamId, teamLimits }: Principal,
  { key, user }: CallerLimitDefaults,
): readonly Limit[] {
  return [
    kind === "api_key" ? toLimit("key", id, { own: limits, defaults: key }) : undefined,
    userId === undefined ? undefined : toLimit("user", userId, { own: userLimits, defaults: user }),
    teamId === undefined ? undefined : toLimit("team", teamId, { own: teamLimits, defaults: noLimits }),
  ].filter((limit) => limit !== undefined);
}
