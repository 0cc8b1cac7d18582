import { randomUUID } from "node:crypto";
import { decodeProtectedHeader, errors, jwtVerify, SignJWT } from "jose";
import { type SigningKeys, signingAlgorithm } from "./signing-keys.ts";

export interface AccessTokenParts {
  readonly keys: SigningKeys;
  /** `iss` and `aud` of every token. */
  readonly issuer: string;
  readonly lifetimeMs: number;
  /** Since the epoch. */
  readonly nowMs: () => number;
}

/** What a token was made for. */
export interface TokenSubject {
  readonly userId: string;
  readonly sessionId: string;
  readonly role: string;
}

/** What a good token says. */
export interface TokenFacts {
  readonly userId: string;
  readonly sessionId: string;
  /** Since the epoch. */
  readonly expiresAtMs: number;
}

/** Makes and checks access tokens: JWTs as RFC 9068 has them, signed with Ed25519. */
export interface AccessTokens {
  /** Rejects with PlatformError `sealed` or `unavailable`. */
  issue(subject: TokenSubject): Promise<string>;
  /**
   * What a token says; undefined for every one that is not ours, not good any more, or was tampered with. Keys are ours
   * alone: whatever a header offers (`jwk`, `jku`, `x5u`) is not looked at.
   * Rejects with PlatformError `unavailable`.
   */
  verify(token: string): Promise<TokenFacts | undefined>;
}

const tokenType = "at+jwt";
const keyId = /^[\w-]{1,64}$/;

export function createAccessTokens({ keys, issuer, lifetimeMs, nowMs }: AccessTokenParts): AccessTokens {
  return {
    async issue({ userId, sessionId, role }) {
      const { id, key } = await keys.current();
      const nowSeconds = Math.floor(nowMs() / 1_000);
      return new SignJWT({ role, sid: sessionId })
        .setProtectedHeader({ alg: signingAlgorithm, typ: tokenType, kid: id })
        .setIssuer(issuer)
        .setAudience(issuer)
        .setSubject(userId)
        .setJti(randomUUID())
        .setIssuedAt(nowSeconds)
        .setExpirationTime(nowSeconds + Math.floor(lifetimeMs / 1_000))
        .sign(key);
    },
    async verify(token) {
      const id = keyIdOf(token);
      const key = id === undefined ? undefined : await keys.find(id);
      if (key === undefined) return undefined;
      const payload = await refuseQuietly(
        jwtVerify(token, key, {
          algorithms: [signingAlgorithm],
          typ: tokenType,
          issuer,
          audience: issuer,
          requiredClaims: ["sub", "sid", "exp", "iat", "jti"],
          currentDate: new Date(nowMs()),
        }),
      );
      const { sub, sid, exp } = payload ?? {};
      if (sub === undefined || typeof sid !== "string" || exp === undefined) return undefined;
      return { userId: sub, sessionId: sid, expiresAtMs: exp * 1_000 };
    },
  };
}

/** Of a head that can be one of ours; that is known before anything is computed. */
function keyIdOf(token: string): string | undefined {
  try {
    const { alg, typ, kid } = decodeProtectedHeader(token);
    return alg === signingAlgorithm && typ === tokenType && kid !== undefined && keyId.test(kid)
      ? kid
      : undefined;
  } catch {
    // It is no token: that is the answer.
    return undefined;
  }
}

/** The payload; undefined where jose refuses, whatever it says against the token. */
async function refuseQuietly(verifying: ReturnType<typeof jwtVerify>) {
  try {
    return (await verifying).payload;
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}
