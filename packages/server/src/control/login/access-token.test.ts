import { createHmac, generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openStore, type Store } from "../../store/store.ts";
import { type AccessTokens, createAccessTokens } from "./access-token.ts";
import { createSigningKeys, type SigningKeys } from "./signing-keys.ts";

const dayMs = 86_400_000;
const lifetimeMs = 900_000;
const issuer = "llm-platform";
const clock = { nowMs: 0 };
const nowMs = () => clock.nowMs;
let directory = "";
let store: Store;
let keys: SigningKeys;
let tokens: AccessTokens;

function open(): void {
  keys = createSigningKeys({
    table: store.signingKeys,
    vault: store.vault,
    changes: store.changes,
    nowMs,
    rotateAfterMs: 30 * dayMs,
    keepMs: lifetimeMs,
  });
  tokens = createAccessTokens({ keys, issuer, lifetimeMs, nowMs });
}

beforeEach(async () => {
  clock.nowMs = 1_800_000_000_000;
  directory = mkdtempSync(join(tmpdir(), "access-token-"));
  store = await openStore({ directory, nowMs });
  open();
});

afterEach(async () => {
  await store.close();
  rmSync(directory, { recursive: true });
});

const issue = () => tokens.issue({ userId: "user_1", sessionId: "session_1", role: "developer" });

describe("an access token", () => {
  it("is as RFC 9068 has it", async () => {
    const token = await issue();
    expect(decodeProtectedHeader(token)).toEqual({
      alg: "EdDSA",
      typ: "at+jwt",
      kid: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(decodeJwt(token)).toEqual({
      iss: issuer,
      aud: issuer,
      sub: "user_1",
      sid: "session_1",
      role: "developer",
      jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
      iat: clock.nowMs / 1_000,
      exp: clock.nowMs / 1_000 + 900,
    });
  });

  it("says for whom it is until it expires", async () => {
    const token = await issue();
    const facts = { userId: "user_1", sessionId: "session_1", expiresAtMs: clock.nowMs + lifetimeMs };
    clock.nowMs += lifetimeMs - 1_000;
    expect(await tokens.verify(token)).toEqual(facts);
    clock.nowMs += 1_000;
    expect(await tokens.verify(token)).toBeUndefined();
  });

  it("is good after a restart of the server", async () => {
    const token = await issue();
    await store.close();
    store = await openStore({ directory, nowMs });
    open();
    expect(await tokens.verify(token)).toBeDefined();
    expect(decodeProtectedHeader(await issue()).kid).toBe(decodeProtectedHeader(token).kid);
  });
});

describe("signing keys", () => {
  it("are rotated, and the one before checks as long as a token of it may be good", async () => {
    const first = await issue();
    clock.nowMs += 30 * dayMs - 1;
    const last = await issue();
    clock.nowMs += 1;
    const next = await issue();
    expect(decodeProtectedHeader(last).kid).toBe(decodeProtectedHeader(first).kid);
    expect(decodeProtectedHeader(next).kid).not.toBe(decodeProtectedHeader(first).kid);
    expect(await keys.publicKeys()).toHaveLength(2);
    expect(await tokens.verify(last)).toBeDefined();
    expect(await tokens.verify(next)).toBeDefined();
    clock.nowMs += lifetimeMs;
    expect(await keys.publicKeys()).toHaveLength(1);
    expect(await tokens.verify(last)).toBeUndefined();
  });

  it("are told by their public half alone, and the private one of the key in use is all that is kept, sealed", async () => {
    await issue();
    clock.nowMs += 30 * dayMs;
    await issue();
    const published = await keys.publicKeys();
    expect(published[0]).toEqual({
      kty: "OKP",
      crv: "Ed25519",
      x: expect.any(String),
      kid: expect.any(String),
      use: "sig",
      alg: "EdDSA",
    });
    const read = (name: string | undefined) => store.vault.read({ purpose: "signing_key", name: name ?? "" });
    expect(await read(published[0]?.kid)).toContain('"d":');
    expect(await read(published[1]?.kid)).toBeUndefined();
    expect(JSON.stringify(await store.signingKeys.list())).not.toContain('\\"d\\"');
  });

  it("are made once for many logins at the same time", async () => {
    const made = await Promise.all(Array.from({ length: 8 }, issue));
    expect(new Set(made.map((token) => decodeProtectedHeader(token).kid)).size).toBe(1);
    expect(await keys.publicKeys()).toHaveLength(1);
  });
});

describe("what is no token of ours", () => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = (change: object = {}): JWTPayload => ({
    iss: issuer,
    aud: issuer,
    sub: "user_1",
    sid: "session_1",
    jti: "1",
    iat: clock.nowMs / 1_000,
    exp: clock.nowMs / 1_000 + 60,
    ...change,
  });

  /** Signed by our own key, with whatever it says. */
  async function signed(change: object = {}, header: object = {}): Promise<string> {
    const { id, key } = await keys.current();
    return new SignJWT(claims(change))
      .setProtectedHeader({ alg: "EdDSA", typ: "at+jwt", kid: id, ...header })
      .sign(key);
  }

  it("a good one made by the same means passes", async () => {
    expect(await tokens.verify(await signed())).toBeDefined();
  });

  it.each([
    ["another issuer", { iss: "https://other.example" }, {}],
    ["another audience", { aud: "other" }, {}],
    ["no audience", { aud: undefined }, {}],
    ["an audience that only begins like ours", { aud: "llm-platform.example" }, {}],
    ["no subject", { sub: undefined }, {}],
    ["no session", { sid: undefined }, {}],
    ["a session that is no text", { sid: { $ne: "" } }, {}],
    ["no end", { exp: undefined }, {}],
    ["an end in the past", { exp: 1 }, {}],
    ["a beginning in the future", { nbf: 4_000_000_000 }, {}],
    ["no identifier", { jti: undefined }, {}],
    ["the type of an identity token", {}, { typ: "JWT" }],
    ["no type", {}, { typ: undefined }],
  ])("%s", async (_name, change, header) => {
    expect(await tokens.verify(await signed(change, header))).toBeUndefined();
  });

  it.each(["../../../../dev/null", "x' UNION SELECT 1 --", "", "a".repeat(65), "__proto__", "0".repeat(36)])(
    "a key id of %j",
    async (kid) => {
      expect(await tokens.verify(await signed({}, { kid }))).toBeUndefined();
    },
  );

  it("an algorithm of none, whatever its spelling", async () => {
    const kid = (await keys.current()).id;
    for (const alg of ["none", "None", "NONE", "nOnE"]) {
      const unsigned = `${part({ alg, typ: "at+jwt", kid })}.${part(claims())}.`;
      expect(await tokens.verify(unsigned)).toBeUndefined();
      expect(await tokens.verify(`${unsigned}AAAA`)).toBeUndefined();
    }
  });

  it("a HMAC with our public key for a secret", async () => {
    const kid = (await keys.current()).id;
    const [published] = await keys.publicKeys();
    for (const secret of [JSON.stringify(published), Buffer.from(String(published?.["x"]), "base64url")]) {
      const head = `${part({ alg: "HS256", typ: "at+jwt", kid })}.${part(claims())}`;
      const token = `${head}.${createHmac("sha256", secret).update(head).digest("base64url")}`;
      expect(await tokens.verify(token)).toBeUndefined();
    }
  });

  it("a key that the token brings or points to", async () => {
    const kid = (await keys.current()).id;
    const { publicKey, privateKey } = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
    const jwk = await exportJWK(publicKey);
    for (const offer of [{ jwk }, { jku: "http://127.0.0.1:1/jwks" }, { x5u: "http://127.0.0.1:1/x" }]) {
      const token = await new SignJWT(claims())
        .setProtectedHeader({ alg: "EdDSA", typ: "at+jwt", kid, ...offer })
        .sign(privateKey);
      expect(await tokens.verify(token)).toBeUndefined();
    }
  });

  it("another issuer's token with the same key id, by the same or another algorithm", async () => {
    const kid = (await keys.current()).id;
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2_048 });
    const own = generateKeyPairSync("ed25519");
    for (const [alg, key] of [
      ["RS256", rsa.privateKey],
      ["EdDSA", own.privateKey],
    ] as const) {
      const token = await new SignJWT(claims()).setProtectedHeader({ alg, typ: "at+jwt", kid }).sign(key);
      expect(await tokens.verify(token)).toBeUndefined();
    }
  });

  it("a good one of which any letter was changed", async () => {
    const token = await signed();
    const parts = token.split(".");
    for (const [index, text] of parts.entries()) {
      const at = Math.floor(text.length / 2);
      const changed = text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1);
      const forged = parts.with(index, changed).join(".");
      expect(await tokens.verify(forged)).toBeUndefined();
    }
  });

  it.each(["", ".", "..", "eyJ.eyJ.eyJ", "a.b.c", "eyJhbGciOiJFZERTQSJ9", `eyJ${"A".repeat(8_000)}.e30.AA`])(
    "%j",
    async (text) => {
      expect(await tokens.verify(text)).toBeUndefined();
    },
  );
});
