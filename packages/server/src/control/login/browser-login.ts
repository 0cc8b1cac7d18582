import { randomBytes } from "node:crypto";
import { PlatformError } from "@llm-platform/kit";
import { EncryptJWT, errors, jwtDecrypt } from "jose";
import * as openid from "openid-client";
import { z } from "zod";
import type { User } from "../../core/identity.ts";
import type { ExternalUsers } from "./external-users.ts";
import type { IdentityProvider } from "./identity-provider.ts";

export interface BrowserLoginParts {
  readonly providers: readonly IdentityProvider[];
  readonly users: ExternalUsers;
}

/** How the browser is answered at the end: sent on to the console, or given the tokens to read. */
export type LoginAnswer = "redirect" | "json";

/** Logins at a provider, by the authorization code flow with PKCE (RFC 7636), state and nonce. */
export interface BrowserLogin {
  /** Of the providers at which a browser can log in. */
  readonly names: readonly string[];
  /**
   * Where to send the browser, and what it is to bring back in a cookie, which only this process can read.
   * Rejects with PlatformError `not_found` for an unknown provider, or `unavailable`.
   */
  start(
    name: string,
    wanted: { readonly redirectUri: string; readonly answer: LoginAnswer },
  ): Promise<{ readonly location: string; readonly flow: string }>;
  /**
   * Who has logged in, and may have a session.
   * Rejects with PlatformError `unauthenticated` when it does not come to a login, `forbidden` for who has no access,
   * and `unavailable`.
   * @param flow the cookie
   * @param url that the provider sent the browser to, with the query
   */
  finish(
    name: string,
    came: { readonly flow: string; readonly url: URL },
  ): Promise<{ readonly user: User; readonly answer: LoginAnswer }>;
}

/** From the start to the end of a login, people's time at the provider included. */
export const flowSeconds = 600;
const scope = "openid profile email";

const flowSchema = z.object({
  provider: z.string(),
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  answer: z.enum(["redirect", "json"]),
});

export function createBrowserLogin({ providers, users }: BrowserLoginParts): BrowserLogin {
  const flows = createFlowSeal();
  function find(name: string): { readonly provider: IdentityProvider; readonly clientId: string } {
    const provider = providers.find(({ settings }) => settings.name === name);
    const clientId = provider?.settings.clientId;
    if (provider !== undefined && clientId !== undefined) return { provider, clientId };
    throw new PlatformError("not_found", `There is no login by a browser at ${name}.`);
  }
  return {
    names: providers.flatMap(({ settings }) => (settings.clientId === undefined ? [] : [settings.name])),
    async start(name, { redirectUri, answer }) {
      const { provider, clientId } = find(name);
      const client = await createClient(provider, clientId);
      const verifier = openid.randomPKCECodeVerifier();
      const flow = {
        provider: name,
        state: openid.randomState(),
        nonce: openid.randomNonce(),
        verifier,
        answer,
      };
      const location = openid.buildAuthorizationUrl(client, {
        redirect_uri: redirectUri,
        scope,
        state: flow.state,
        nonce: flow.nonce,
        code_challenge: await openid.calculatePKCECodeChallenge(verifier),
        code_challenge_method: "S256",
      });
      return { location: location.href, flow: await flows.seal(flow) };
    },
    async finish(name, { flow: sealed, url }) {
      const { provider, clientId } = find(name);
      const flow = await flows.open(sealed);
      if (flow?.provider !== name) throw notFinished("It took too long, or began elsewhere");
      const idToken = await exchange(await createClient(provider, clientId), { url, flow });
      const claims = await provider.verify(idToken, clientId);
      if (claims === undefined) throw notFinished("The provider's token is not good");
      const user = requireAccess((await users.admit(provider.settings, claims))?.user);
      return { user, answer: flow.answer };
    },
  };
}

type Flow = z.output<typeof flowSchema>;

/** Seals what a browser keeps for us under a key that dies with the process. */
function createFlowSeal(): {
  seal(flow: Flow): Promise<string>;
  open(sealed: string): Promise<Flow | undefined>;
} {
  const key = randomBytes(32);
  return {
    seal: (flow) =>
      new EncryptJWT(flow)
        .setProtectedHeader({ alg: "dir", enc: "A256GCM" })
        .setExpirationTime(`${flowSeconds}s`)
        .encrypt(key),
    async open(sealed) {
      try {
        const { payload } = await jwtDecrypt(sealed, key, {
          keyManagementAlgorithms: ["dir"],
          contentEncryptionAlgorithms: ["A256GCM"],
          requiredClaims: ["exp"],
        });
        return flowSchema.safeParse(payload).data;
      } catch (error) {
        if (error instanceof errors.JOSEError) return undefined;
        throw error;
      }
    },
  };
}

async function createClient(provider: IdentityProvider, clientId: string): Promise<openid.Configuration> {
  const metadata = await provider.metadata();
  const { authorization_endpoint, token_endpoint, ...others } = metadata;
  if (authorization_endpoint === undefined || token_endpoint === undefined)
    throw new PlatformError("unavailable", "The identity provider logs nobody in by a browser.");
  const { clientSecret, issuer } = provider.settings;
  const server = { ...others, authorization_endpoint, token_endpoint };
  const client = new openid.Configuration(server, clientId, {}, toAuthentication(clientSecret, metadata));
  // Only the configuration can name an issuer without TLS, and only one on this machine.
  if (issuer.startsWith("http:")) openid.allowInsecureRequests(client);
  client[openid.customFetch] = (url, { method, headers, body, signal }) =>
    provider.fetch(url, {
      method: method === "POST" ? "POST" : "GET",
      headers,
      ...(body === undefined || body === null ? {} : { body: String(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
  return client;
}

/** As the provider says that it wants it; OpenID Connect's default is basic. */
function toAuthentication(
  secret: string | undefined,
  { token_endpoint_auth_methods_supported: methods }: Readonly<Record<string, unknown>>,
): openid.ClientAuth {
  if (secret === undefined) return openid.None();
  const isPost = Array.isArray(methods) && !methods.includes("client_secret_basic");
  return isPost ? openid.ClientSecretPost(secret) : openid.ClientSecretBasic(secret);
}

/** Gets the identity token for the code. */
async function exchange(
  client: openid.Configuration,
  { url, flow }: { readonly url: URL; readonly flow: Flow },
): Promise<string> {
  try {
    const { id_token } = await openid.authorizationCodeGrant(client, url, {
      pkceCodeVerifier: flow.verifier,
      expectedState: flow.state,
      expectedNonce: flow.nonce,
      idTokenExpected: true,
    });
    if (id_token !== undefined) return id_token;
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    for (const each of [error, cause]) if (each instanceof PlatformError) throw each;
    throw notFinished("The provider did not confirm it", error);
  }
  throw notFinished("The provider gave no identity token");
}

function requireAccess(user: User | undefined): User {
  if (user?.isActive === true) return user;
  throw new PlatformError(
    "forbidden",
    "The provider knows you, but you have no access here. Ask an admin for a group that has.",
  );
}

function notFinished(why: string, cause?: unknown): PlatformError {
  return new PlatformError("unauthenticated", `The login was not finished. ${why}. Begin again.`, { cause });
}
