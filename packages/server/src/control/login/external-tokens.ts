import { decodeJwt } from "jose";
import { type KeyHolder, toUserHolder } from "../../core/identity.ts";
import type { ExternalUsers } from "./external-users.ts";
import type { IdentityProvider } from "./identity-provider.ts";

/** Checks bearer tokens that others have issued. */
export interface ExternalTokens {
  /** Who calls; undefined for a token that is of no known issuer, not good, or of a user without access. */
  find(token: string): Promise<KeyHolder | undefined>;
}

export function createExternalTokens(
  providers: readonly IdentityProvider[],
  users: ExternalUsers,
): ExternalTokens {
  return {
    async find(token) {
      const issuer = issuerOf(token);
      const provider = providers.find(({ settings }) => settings.issuer === issuer);
      if (provider === undefined) return undefined;
      const claims = await provider.verify(token, provider.settings.audience);
      if (claims?.exp === undefined) return undefined;
      const member = await users.admit(provider.settings, claims);
      return toUserHolder(member, claims.exp * 1_000);
    },
  };
}

/** Whose token it says that it is, which is believed of nobody before the signature was checked. */
function issuerOf(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    // It is no token: then it is nobody's.
    return undefined;
  }
}
