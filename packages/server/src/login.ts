import type { KeySource } from "./api/key-lookup.ts";
import type { PlatformConfig } from "./config/schema.ts";
import type { AuthOperationParts } from "./control/auth.ts";
import { createAccessTokens } from "./control/login/access-token.ts";
import { createLoginGuard } from "./control/login/login-guard.ts";
import { createPasswordHasher } from "./control/login/password-hash.ts";
import { createSessions } from "./control/login/sessions.ts";
import { createSigningKeys, type SigningKeys } from "./control/login/signing-keys.ts";
import { toTokenHolder } from "./core/identity.ts";
import type { Store } from "./store/store.ts";

/** Everything by which people log in. */
export interface Login {
  /** Who calls, by key or by token. */
  readonly callers: KeySource;
  readonly signingKeys: SigningKeys;
  readonly operations: AuthOperationParts;
}

const dayMs = 86_400_000;
const nowMs = () => Date.now();

/** Touches neither the database nor a key before it is asked to. */
export function createLogin(
  { auth }: Pick<PlatformConfig, "auth">,
  { identity, signingKeys: table, vault }: Pick<Store, "identity" | "signingKeys" | "vault">,
): Login {
  const { issuer, access_seconds, refresh_seconds, signing_key_days } = auth.tokens;
  const accessMs = access_seconds * 1_000;
  const signingKeys = createSigningKeys({
    table,
    vault,
    nowMs,
    rotateAfterMs: signing_key_days * dayMs,
    keepMs: accessMs,
  });
  const tokens = createAccessTokens({ keys: signingKeys, issuer, lifetimeMs: accessMs, nowMs });
  const sessions = createSessions({ identity, tokens, accessMs, refreshMs: refresh_seconds * 1_000, nowMs });
  return {
    callers: {
      get hasUsers() {
        return identity.hasUsers;
      },
      findKey: (sha256) => identity.findKey(sha256),
      async findToken(token) {
        const facts = await tokens.verify(token);
        if (facts === undefined) return undefined;
        const session = await identity.sessions.find(facts.sessionId);
        const user = await identity.users.find(facts.userId);
        return toTokenHolder({ session, user }, facts.expiresAtMs);
      },
      onChange: (listener) => identity.onChange(listener),
    },
    signingKeys,
    operations: {
      identity,
      hasher: createPasswordHasher(),
      guard: createLoginGuard(() => performance.now()),
      sessions,
    },
  };
}
