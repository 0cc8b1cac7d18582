import type { IncomingMessage, ServerResponse } from "node:http";
import { PlatformError, toPlatformError } from "@llm-platform/kit";
import type { HttpRoute } from "../core/http-route.ts";
import { type BrowserLogin, flowSeconds } from "../control/login/browser-login.ts";
import type { Sessions, TokenPair } from "../control/login/sessions.ts";
import { answerProblem } from "./answer.ts";
import { type CookieOptions, formatCookie, readCookie } from "./cookies.ts";
import type { Mount } from "./listener.ts";
import { isSameOrigin, isSecure, originOf, type PublicAddress } from "./public-origin.ts";

export interface BrowserLoginMountParts {
  readonly login: BrowserLogin;
  readonly sessions: Sessions;
  readonly address: PublicAddress;
}

const oidcPath = "/api/v1/auth/oidc/";
const sessionPath = "/api/v1/auth/session/";
const flowCookie = "llmp_login";
const refreshCookie = "llmp_refresh";
/** Where a browser goes when it has logged in. */
const home = "/";

const routes: readonly HttpRoute[] = [
  { method: "GET", path: `${oidcPath}{name}/start`, access: "public" },
  { method: "GET", path: `${oidcPath}{name}/callback`, access: "public" },
  { method: "POST", path: `${sessionPath}refresh`, access: "public" },
  { method: "POST", path: `${sessionPath}logout`, access: "public" },
];

/** Logins of browsers at a provider, and what they do with the cookie that they get there. */
export function createBrowserLoginMount(parts: BrowserLoginMountParts): Mount {
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    response.setHeader("cache-control", "no-store");
    serve(parts, request, response).catch((error: unknown) =>
      answerProblem(response, toPlatformError(error)),
    );
  };
  return {
    routes,
    paths: new Map(),
    prefixes: new Map([
      [oidcPath, handle],
      [sessionPath, handle],
    ]),
  };
}

async function serve(
  parts: BrowserLoginMountParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? "", originOf(parts.address, request.headers));
  const [, name, step] = /^\/api\/v1\/auth\/(?:oidc\/([^/]+)|session)\/([a-z]+)$/.exec(url.pathname) ?? [];
  const asked = `${request.method} ${name === undefined ? "session" : "oidc"} ${step}`;
  switch (asked) {
    case "GET oidc start":
      return start(parts, { name: name ?? "", url, response });
    case "GET oidc callback":
      return finish(parts, { name: name ?? "", url, request, response });
    case "POST session refresh":
      return refresh(parts, request, response);
    case "POST session logout":
      return logout(parts, request, response);
    default:
      throw new PlatformError("not_found", "There is nothing at this path by this method.");
  }
}

async function start(
  { login, address }: BrowserLoginMountParts,
  { name, url, response }: { readonly name: string; readonly url: URL; readonly response: ServerResponse },
): Promise<void> {
  const { location, flow } = await login.start(name, {
    redirectUri: `${url.origin}${oidcPath}${name}/callback`,
    answer: url.searchParams.get("answer") === "json" ? "json" : "redirect",
  });
  const cookie = formatCookie(flowCookie, flow, flowOptions(address, flowSeconds));
  response.writeHead(302, { location, "set-cookie": cookie });
  response.end();
}

interface Came {
  readonly name: string;
  readonly url: URL;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

async function finish(
  { login, address }: BrowserLoginMountParts,
  { name, url, request, response }: Came,
): Promise<void> {
  const over = formatCookie(flowCookie, "", flowOptions(address, 0));
  response.setHeader("set-cookie", over);
  const flow = readCookie(request.headers.cookie, flowCookie) ?? "";
  const { pair, answer } = await login.finish(name, { flow, url });
  if (answer === "json") {
    sendJson(response, { ...toBody(pair), refresh_token: pair.refreshToken });
    return;
  }
  response.setHeader("set-cookie", [over, toRefreshCookie(address, pair)]);
  response.writeHead(302, { location: home });
  response.end();
}

async function refresh(
  { sessions, address }: BrowserLoginMountParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const token = requireCookie(address, request);
  // Whatever becomes of it, this one is good no longer.
  response.setHeader("set-cookie", formatCookie(refreshCookie, "", refreshOptions(address, 0)));
  const pair = await sessions.refresh(token);
  response.setHeader("set-cookie", toRefreshCookie(address, pair));
  sendJson(response, toBody(pair));
}

async function logout(
  { sessions, address }: BrowserLoginMountParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const token = requireCookie(address, request);
  response.setHeader("set-cookie", formatCookie(refreshCookie, "", refreshOptions(address, 0)));
  sendJson(response, { ended: await sessions.end(token) });
}

/** Throws PlatformError `forbidden` for a request that another site's page has made. */
function requireCookie(address: PublicAddress, request: IncomingMessage): string {
  request.resume();
  const token = readCookie(request.headers.cookie, refreshCookie);
  if (token === undefined)
    throw new PlatformError("invalid_request", "There is no cookie of a login. Log in first.");
  if (isSameOrigin(address, request.headers)) return token;
  throw new PlatformError("forbidden", "Only pages of this server may use the cookie of a login.");
}

function toRefreshCookie(address: PublicAddress, { refreshToken, refreshSeconds }: TokenPair): string {
  return formatCookie(refreshCookie, refreshToken, refreshOptions(address, refreshSeconds));
}

function refreshOptions(address: PublicAddress, maxAgeSeconds: number): CookieOptions {
  return { path: sessionPath, maxAgeSeconds, sameSite: "Strict", isSecure: isSecure(address) };
}

/** The provider's site sends the browser back, so that a strict cookie would not come along. */
function flowOptions(address: PublicAddress, maxAgeSeconds: number): CookieOptions {
  return { path: oidcPath, maxAgeSeconds, sameSite: "Lax", isSecure: isSecure(address) };
}

function toBody({ accessToken, accessSeconds, refreshSeconds }: TokenPair): object {
  return {
    access_token: accessToken,
    token_type: "Bearer",
    expires_in: accessSeconds,
    refresh_expires_in: refreshSeconds,
  };
}

function sendJson(response: ServerResponse, body: object): void {
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
