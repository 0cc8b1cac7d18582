import { createHmac, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createIdentityProvider, type IdentityProvider } from "./identity-provider.ts";

const audience = "https://llm.example.org";
const hourMs = 3_600_000;

type Pair = Awaited<ReturnType<typeof generateKeyPair>>;
const pairs: Record<string, Pair> = {};

beforeAll(async () => {
  for (const alg of ["RS256", "PS256", "ES256", "EdDSA", "RS512", "ES384"])
    pairs[alg] = await generateKeyPair(alg, { extractable: true });
});

const clock = { nowMs: 0 };
let server: Server;
let issuer = "";
let provider: IdentityProvider;
/** What the provider answers by path, and how often it was asked. */
let documents: Record<string, { status?: number; location?: string; body: string }>;
let asked: Record<string, number>;

beforeEach(async () => {
  clock.nowMs = 1_000_000;
  asked = {};
  server = createServer((request, response) => {
    const path = request.url ?? "";
    asked[path] = (asked[path] ?? 0) + 1;
    const { status = 200, location, body } = documents[path] ?? { status: 404, body: "" };
    response.writeHead(status, location === undefined ? {} : { location });
    response.end(body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  issuer = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  documents = {
    "/.well-known/openid-configuration": {
      body: JSON.stringify({ issuer, jwks_uri: `${issuer}/keys` }),
    },
    "/keys": { body: JSON.stringify({ keys: await publish(Object.keys(pairs)) }) },
  };
  provider = createIdentityProvider({
    settings: {
      name: "corp",
      issuer,
      audience,
      clientId: undefined,
      clientSecret: undefined,
      groupsClaim: "groups",
      roleMapping: {},
      defaultRole: "viewer",
      teamMapping: undefined,
      allowedEmailDomains: undefined,
    },
    nowMs: () => clock.nowMs,
    wallMs: () => Date.now(),
  });
});

afterEach(async () => {
  provider.stop();
  server.closeAllConnections();
  server.close();
});

async function publish(names: readonly string[], ids = names): Promise<object[]> {
  return Promise.all(
    names.map(async (alg, index) => ({
      ...(await exportJWK(pairOf(alg).publicKey)),
      kid: ids[index],
      alg,
      use: "sig",
    })),
  );
}

function pairOf(alg: string): Pair {
  const pair = pairs[alg];
  if (pair === undefined) throw new Error(`no key for ${alg}`);
  return pair;
}

const nowSeconds = () => Math.floor(Date.now() / 1_000);

const claims = (change: object = {}): JWTPayload => ({
  iss: issuer,
  aud: audience,
  sub: "1",
  iat: nowSeconds(),
  exp: nowSeconds() + 300,
  ...change,
});

function sign(change: object = {}, header: object = {}, alg = "RS256"): Promise<string> {
  return new SignJWT(claims(change))
    .setProtectedHeader({ alg, kid: alg, typ: "JWT", ...header })
    .sign(pairOf(alg).privateKey);
}

const verify = (token: string) => provider.verify(token, audience);
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");

describe("a provider's token", () => {
  it.each(["RS256", "PS256", "ES256", "EdDSA"])("signed by %s is good", async (alg) => {
    expect(await verify(await sign({ groups: ["staff"] }, {}, alg))).toMatchObject({
      sub: "1",
      groups: ["staff"],
    });
  });

  it.each(["RS512", "ES384"])("signed by %s is not, though its key is published", async (alg) => {
    expect(await verify(await sign({}, {}, alg))).toBeUndefined();
  });

  it.each([
    ["an expiry half a minute ago, within the skew", { exp: nowSeconds() - 30 }, {}, true],
    ["an expiry two minutes ago", { exp: nowSeconds() - 120 }, {}, false],
    ["a beginning in half a minute, within the skew", { nbf: nowSeconds() + 30 }, {}, true],
    ["a beginning in two minutes", { nbf: nowSeconds() + 120 }, {}, false],
    ["no expiry", { exp: undefined }, {}, false],
    ["another audience", { aud: "https://other.example" }, {}, false],
    ["no audience", { aud: undefined }, {}, false],
    ["ours among several audiences", { aud: ["other", audience] }, {}, true],
    ["another issuer", { iss: "https://other.example" }, {}, false],
    ["an issuer with a slash more", { iss: `${"http://127.0.0.1"}/` }, {}, false],
    ["no subject", { sub: undefined }, {}, false],
    ["an empty subject", { sub: "" }, {}, false],
    ["the type of an access token", {}, { typ: "at+jwt" }, true],
    ["no type", {}, { typ: undefined }, true],
    ["the type of a logout token", {}, { typ: "logout+jwt" }, false],
    ["the events of a logout token", { events: {} }, {}, false],
    ["the type of a proof", {}, { typ: "dpop+jwt" }, false],
    ["a key id with a path", {}, { kid: "../../keys" }, false],
    ["a key id with SQL", {}, { kid: "x' OR '1'='1" }, false],
    ["the key id of another algorithm", {}, { kid: "ES256" }, false],
  ])("with %s", async (_name, change, header, isGood) => {
    expect((await verify(await sign(change, header))) !== undefined).toBe(isGood);
  });

  it("of no algorithm, or with a shared secret, is none", async () => {
    const [published] = await publish(["RS256"]);
    for (const alg of ["none", "None"]) {
      const head = `${part({ alg, kid: "RS256", typ: "JWT" })}.${part(claims())}`;
      expect(await verify(`${head}.`)).toBeUndefined();
      expect(await verify(`${head}.AAAA`)).toBeUndefined();
    }
    for (const alg of ["HS256", "hs256"]) {
      const head = `${part({ alg, kid: "RS256", typ: "JWT" })}.${part(claims())}`;
      const signature = createHmac("sha256", JSON.stringify(published)).update(head).digest("base64url");
      expect(await verify(`${head}.${signature}`)).toBeUndefined();
    }
  });

  it("that brings its own key, or says where it lies, is none, and nobody is asked", async () => {
    const own = await generateKeyPair("RS256", { extractable: true });
    const jwk = await exportJWK(own.publicKey);
    for (const offer of [{ jwk }, { jku: `${issuer}/evil` }, { x5u: `${issuer}/evil` }]) {
      const token = await new SignJWT(claims())
        .setProtectedHeader({ alg: "RS256", kid: "RS256", typ: "JWT", ...offer })
        .sign(own.privateKey);
      expect(await verify(token)).toBeUndefined();
    }
    expect(asked["/evil"]).toBeUndefined();
  });
});

describe("the provider", () => {
  it("is asked once for many tokens, and again for an unknown key once a minute at most", async () => {
    await Promise.all(Array.from({ length: 10 }, async () => verify(await sign())));
    expect(asked).toEqual({ "/.well-known/openid-configuration": 1, "/keys": 1 });
    for (let count = 0; count < 20; count++) await verify(await sign({}, { kid: randomUUID() }));
    expect(asked["/keys"]).toBe(1);
    clock.nowMs += 60_000;
    for (let count = 0; count < 20; count++) await verify(await sign({}, { kid: randomUUID() }));
    expect(asked["/keys"]).toBe(2);
  });

  it("may change its keys", async () => {
    await verify(await sign());
    documents["/keys"] = { body: JSON.stringify({ keys: await publish(["ES256"], ["new"]) }) };
    clock.nowMs += 60_000;
    expect(await verify(await sign({}, { kid: "new" }, "ES256"))).toBeDefined();
    expect(await verify(await sign())).toBeUndefined();
  });

  it("may be down for a day once its keys are known, and is asked for them once a minute", async () => {
    const token = await sign({ exp: nowSeconds() + 10 * 86_400 });
    expect(await verify(token)).toBeDefined();
    documents["/keys"] = { status: 503, body: "" };
    clock.nowMs += 23 * hourMs;
    for (let count = 0; count < 5; count++) expect(await verify(token)).toBeDefined();
    expect(asked["/keys"]).toBe(2);
    clock.nowMs += hourMs;
    await expect(verify(token)).rejects.toMatchObject({ code: "unavailable" });
  });

  it.each([
    ["does not answer", () => ({ status: 503, body: "" })],
    ["sends elsewhere", () => ({ status: 302, location: `${issuer}/other`, body: "" })],
    ["answers with no JSON", () => ({ body: "<html>" })],
    ["has another issuer", () => ({ body: JSON.stringify({ issuer: "x", jwks_uri: `${issuer}/keys` }) })],
    ["names no keys", () => ({ body: JSON.stringify({ issuer }) })],
    ["answers without end", () => ({ body: JSON.stringify({ issuer, more: "x".repeat(300_000) }) })],
  ])("that %s is unavailable, which is told again without asking for a minute", async (_name, document) => {
    documents["/other"] = documents["/.well-known/openid-configuration"] ?? { body: "" };
    documents["/.well-known/openid-configuration"] = document();
    const token = await sign();
    await expect(verify(token)).rejects.toMatchObject({ code: "unavailable" });
    await expect(verify(token)).rejects.toMatchObject({ code: "unavailable" });
    expect(asked).toEqual({ "/.well-known/openid-configuration": 1 });
  });
});
