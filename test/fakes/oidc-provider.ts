import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import Provider, { type AccountClaims } from "oidc-provider";

/** A real OpenID Connect provider on the loopback, with people of whom it says what the test wants. */
export type OidcProvider = {
  readonly issuer: string;
  /** Begins to answer, once it is known where the server listens that people are sent back to. */
  open(redirectUris: readonly string[]): void;
  /** Logs a person in, as one who fills in the forms, and gives an access token for the server's audience. */
  accessToken(login: string): Promise<string>;
  stop(): Promise<void>;
};

export const oidcClient = { id: "llm-platform", secret: "a-client-secret-0123456789" };
export const oidcAudience = "https://llm.example.org";
const tool = { id: "tool", secret: "a-tool-secret-0123456789", redirectUri: "http://127.0.0.1:1/done" };

/** @param people claims by the name that is logged in with; every password is right */
export async function createOidcProvider(
  people: Readonly<Record<string, Omit<AccountClaims, "sub">>>,
): Promise<OidcProvider> {
  const state: { answer?: ReturnType<Provider["callback"]> } = {};
  const server = createServer((request, response) => {
    if (state.answer === undefined) response.writeHead(503).end();
    else void state.answer(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const issuer = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  return {
    issuer,
    open(redirectUris) {
      state.answer = createProvider(issuer, people, redirectUris).callback();
    },
    async accessToken(login) {
      const verifier = randomBytes(32).toString("base64url");
      const url = new URL(`${issuer}/auth`);
      url.search = new URLSearchParams({
        client_id: tool.id,
        redirect_uri: tool.redirectUri,
        response_type: "code",
        scope: "openid",
        resource: oidcAudience,
        code_challenge: createHash("sha256").update(verifier).digest("base64url"),
        code_challenge_method: "S256",
      }).toString();
      const { last } = await followLogin(url.href, { login, stopAt: tool.redirectUri });
      const answer = await fetch(`${issuer}/token`, {
        method: "POST",
        headers: { authorization: `Basic ${btoa(`${tool.id}:${tool.secret}`)}` },
        body: new URLSearchParams({
          grant_type: "authorization_code",
          code: new URL(last).searchParams.get("code") ?? "",
          redirect_uri: tool.redirectUri,
          code_verifier: verifier,
          resource: oidcAudience,
        }),
      });
      const body: unknown = await answer.json();
      if (typeof body !== "object" || body === null || !("access_token" in body))
        throw new Error(`the provider gave no token: ${JSON.stringify(body)}`);
      return String(body.access_token);
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function createProvider(
  issuer: string,
  people: Readonly<Record<string, Omit<AccountClaims, "sub">>>,
  redirectUris: readonly string[],
): Provider {
  const claimsOf = (sub: string): AccountClaims => ({ ...people[sub], sub });
  return new Provider(issuer, {
    clients: [
      { client_id: oidcClient.id, client_secret: oidcClient.secret, redirect_uris: [...redirectUris] },
      { client_id: tool.id, client_secret: tool.secret, redirect_uris: [tool.redirectUri] },
    ],
    findAccount: (_context, sub) =>
      people[sub] === undefined ? undefined : { accountId: sub, claims: () => claimsOf(sub) },
    claims: {
      openid: ["sub"],
      email: ["email", "email_verified"],
      profile: ["preferred_username", "groups"],
    },
    // So that they stand in the identity token, and not at the userinfo endpoint alone.
    conformIdTokenClaims: false,
    extraTokenClaims: (_context, token) =>
      "accountId" in token ? { ...people[token.accountId] } : undefined,
    cookies: { keys: ["a-key-for-cookies"] },
    features: {
      devInteractions: { enabled: true },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: "",
          audience: oidcAudience,
          accessTokenFormat: "jwt",
          jwt: { sign: { alg: "RS256" } },
        }),
      },
    },
  });
}

/** Where a browser came to, with the cookies that it has by then. */
export type Followed = {
  /** The address of the last answer, or the one that it was to stop at. */
  readonly last: string;
  readonly response: Response;
  readonly cookies: CookieJar;
};

/** Cookies by origin. Paths are not looked at. */
export class CookieJar {
  readonly #cookies = new Map<string, Map<string, string>>();

  headerFor(url: string): string {
    return [...(this.#cookies.get(new URL(url).origin) ?? [])].map((pair) => pair.join("=")).join("; ");
  }

  take(url: string, response: Response): void {
    const { origin } = new URL(url);
    const jar = this.#cookies.get(origin) ?? new Map<string, string>();
    this.#cookies.set(origin, jar);
    for (const line of response.headers.getSetCookie()) {
      const [name = "", value = ""] = (line.split(";")[0] ?? "").split(/=(.*)/s);
      if (value === "" || /max-age=0|expires=thu, 01 jan 1970/i.test(line)) jar.delete(name);
      else jar.set(name, value);
    }
  }
}

/** Goes where a browser would be sent, and fills in the provider's forms. */
export async function followLogin(
  start: string,
  wanted: { readonly login: string; readonly stopAt?: string; readonly cookies?: CookieJar },
): Promise<Followed> {
  const cookies = wanted.cookies ?? new CookieJar();
  let url = start;
  let form: URLSearchParams | undefined;
  for (let steps = 0; steps < 20; steps++) {
    const response: Response = await fetch(url, {
      redirect: "manual",
      headers: { cookie: cookies.headerFor(url) },
      ...(form === undefined ? {} : { method: "POST", body: form }),
    });
    form = undefined;
    cookies.take(url, response);
    const location = response.headers.get("location");
    if (location !== null) {
      const next = new URL(location, url).href;
      if (wanted.stopAt !== undefined && next.startsWith(wanted.stopAt))
        return { last: next, response, cookies };
      if (next === new URL("/", start).href) return { last: next, response, cookies };
      url = next;
      continue;
    }
    if (!/text\/html/.test(response.headers.get("content-type") ?? ""))
      return { last: url, response, cookies };
    const html = await response.text();
    const action = /<form[^>]* action="([^"]+)"/.exec(html)?.[1];
    if (action === undefined) throw new Error(`no form at ${url}: ${html.slice(0, 2_000)}`);
    url = new URL(action, url).href;
    const prompt = /name="prompt" value="(\w+)"/.exec(html)?.[1] ?? "";
    form = new URLSearchParams({
      prompt,
      ...(prompt === "login" ? { login: wanted.login, password: "x" } : {}),
    });
  }
  throw new Error(`the login goes round in circles at ${url}`);
}
