import { createHmac } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { createOidcProvider, oidcAudience, oidcClient, type OidcProvider } from "../fakes/oidc-provider.ts";
import { type Answer, ask, chatBody, member } from "./http.ts";
import { openAiIntegration, type Platform, startPlatform } from "./start-platform.ts";
import { startWithWorkers } from "./worker-platform.ts";

const rootKey = "a-key-of-the-configuration-0123456789";
const password = "correct horse battery staple";
const model = "fake/tiny-chat";

let upstream: FakeUpstream;
let provider: OidcProvider;
beforeAll(async () => {
  upstream = await createFakeUpstream({ dialect: "openai" });
  provider = await createOidcProvider({
    bob: { groups: ["staff"], email: "bob@example.org", email_verified: true },
  });
});
afterAll(async () => {
  await upstream.stop();
  await provider.stop();
});

function configOf() {
  return {
    integrations: [openAiIntegration("fake", upstream.origin)],
    auth: {
      api_keys: [{ name: "root", key: rootKey, role: "admin" }],
      oidc: [
        {
          name: "corp",
          issuer: provider.issuer,
          audience: oidcAudience,
          client_id: oidcClient.id,
          client_secret: oidcClient.secret,
          role_mapping: { staff: "developer" },
        },
      ],
    },
  };
}

function as(platform: Platform, credential: string, path: string, body?: object): Promise<Answer> {
  return ask(platform, path, {
    headers: { authorization: `Bearer ${credential}` },
    ...(body === undefined ? {} : { body }),
  });
}

const call = (platform: Platform, token: string) =>
  as(platform, token, "/v1/chat/completions", chatBody(model));

async function ownToken(platform: Platform): Promise<string> {
  const made = await as(platform, rootKey, "/api/v1/users", { name: "ada", role: "admin" });
  const path = `/api/v1/users/${String(member(made.json, "id"))}/password`;
  const headers = { authorization: `Bearer ${rootKey}` };
  await ask(platform, path, { method: "PUT", body: { password }, headers });
  const login = await ask(platform, "/api/v1/auth/login", { body: { name: "ada", password } });
  return String(member(login.json, "access_token"));
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** Tokens that are no good, each of which looks as much like the good one as it can. */
function badTwins(token: string, publicKeys: string): readonly string[] {
  const [head = "", claims = "", signature = ""] = token.split(".");
  const header: object = JSON.parse(Buffer.from(head, "base64url").toString());
  const hmac = encode({ ...header, alg: "HS256" });
  const forged = createHmac("sha256", publicKeys).update(`${hmac}.${claims}`).digest("base64url");
  const lengths = [20, 21, 50, 100, 199, 200].filter((length) => length < token.length);
  return [
    ...lengths.map((length) => token.slice(0, length) + "A".repeat(token.length - length)),
    ...lengths.map((length) => token.slice(0, length)),
    `${head}.${claims}.${signature.slice(0, -4)}AAAA`,
    `${head}.${claims}.`,
    `${encode({ ...header, alg: "none" })}.${claims}.`,
    `${encode({ ...header, alg: "none" })}.${claims}.${signature}`,
    `${hmac}.${claims}.${forged}`,
    `${encode({ ...header, kid: "../../../dev/null" })}.${claims}.${signature}`,
    `${encode({ ...header, kid: "' OR 1=1 --" })}.${claims}.${signature}`,
    `${encode({ ...header, jku: "http://127.0.0.1:1/keys" })}.${claims}.${signature}`,
    `${token}.${signature}`,
    `${token}${"A".repeat(9_000)}`,
  ];
}

describe.each([
  ["one process", startPlatform.bind(undefined)],
  ["two workers", async (options: { readonly config: object }) => startWithWorkers({ ...options.config })],
])("on a server of %s", (_what, start) => {
  test("no token that is like a good one is let in, while the good one is remembered", async () => {
    const platform = await start({ config: configOf() });
    provider.open([`${platform.url}/api/v1/auth/oidc/corp/callback`]);
    const own = await ownToken(platform);
    const theirs = await provider.accessToken("bob");
    const ownKeys = (await ask(platform, "/.well-known/jwks.json")).text;
    const theirKeys = await (await fetch(`${provider.issuer}/jwks`)).text();
    for (const [token, keys] of [
      [own, ownKeys],
      [theirs, theirKeys],
    ] as const) {
      for (let count = 0; count < 4; count++) expect((await call(platform, token)).status).toBe(200);
      for (const twin of badTwins(token, keys)) {
        expect((await call(platform, twin)).status, twin).toBe(401);
        expect((await as(platform, twin, "/api/v1/access/whoami")).status, twin).toBe(401);
      }
      expect((await call(platform, token)).status).toBe(200);
    }
    // Longer than any head may be: it is refused before anybody reads it.
    const huge = await call(platform, `${own}${"A".repeat(1024 * 1024)}`).then(
      ({ status }) => status,
      () => 431,
    );
    expect(huge).toBe(431);
    await platform.stop();
  });
});
