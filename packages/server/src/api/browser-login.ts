import type { IncomingMessage, ServerResponse } from "node:http";
import { PlatformError, toPlatformError } from "@llm-platform/kit";
import { z } from "zod";
import type { Auditor, Caller } from "../control/auditor.ts";
import { noteRefusal } from "../control/failed-try.ts";
import type { HttpRoute } from "../core/http-route.ts";
import { type BrowserLogin, flowSeconds } from "../control/login/browser-login.ts";
import type { Sessions, TokenPair } from "../control/login/sessions.ts";
import { newRequestId } from "../wire/request-id.ts";
import { addressOf, type ReadCaller } from "./client-address.ts";
import { answerProblem } from "./answer.ts";
import { type CookieOptions, formatCookie, readCookie } from "./cookies.ts";
import type { Mount } from "./listener.ts";
import { readWholeBody } from "./read-body.ts";
import { isSameOrigin, isSecure, originOf, type PublicAddress } from "./public-origin.ts";

/** How a page's user can come in. */
export interface WayIn {
  /** Whether whoever reaches the server may do everything, because it knows nobody yet and listens on this machine alone. */
  readonly isOpen: boolean;
  /** Whether the first admin is still to be made, with the token that the server has printed. */
  readonly needsFirstAdmin: boolean;
}

export interface BrowserLoginMountParts {
  readonly login: BrowserLogin;
  wayIn(): WayIn;
  readonly sessions: Sessions;
  readonly address: PublicAddress;
  readonly auditor: Auditor;
  /** Finds out from where a call comes, for the audit log. */
  readonly readCaller: ReadCaller;
}

const oidcPath = "/api/v1/auth/oidc/";
const sessionPath = "/api/v1/auth/session/";
const flowCookie = "llmp_login";
const refreshCookie = "llmp_refresh";
/** Where a browser goes when it has logged in. */
const home = "/";
const mostKeepBytes = 4_096;

const routes: readonly HttpRoute[] = [
  { method: "GET", path: `${oidcPath}{name}/start`, access: "public" },
  { method: "GET", path: `${oidcPath}{name}/callback`, access: "public" },
  { method: "GET", path: `${sessionPath}state`, access: "public" },
  { method: "POST", path: `${sessionPath}keep`, access: "public" },
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
    case "GET session state":
      return tellState(parts, request, response);
    case "POST session keep":
      return keep(parts, request, response);
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

async function finish(parts: BrowserLoginMountParts, { name, url, request, response }: Came): Promise<void> {
  const { login, sessions, address, auditor } = parts;
  const over = formatCookie(flowCookie, "", flowOptions(address, 0));
  response.setHeader("set-cookie", over);
  const flow = readCookie(request.headers.cookie, flowCookie) ?? "";
  const caller = toCaller(parts, request);
  const operation = "auth.browser_login";
  const { user, answer } = await noting(parts, { caller, operation }, () =>
    login.finish(name, { flow, url }),
  );
  const target = { type: "user", id: user.id, name: user.name };
  const intent = { operation, caller, target, before: null, asked: { provider: name } };
  const pair = await auditor.change(intent, async () => {
    return { result: await sessions.open(user), target, after: null };
  });
  if (answer === "json") {
    sendJson(response, { ...toBody(pair), refresh_token: pair.refreshToken });
    return;
  }
  response.setHeader("set-cookie", [over, toRefreshCookie(address, pair)]);
  response.writeHead(302, { location: home });
  response.end();
}

/** What a page has to know before it asks its user anything. */
async function tellState(
  { login, wayIn }: BrowserLoginMountParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { isOpen, needsFirstAdmin } = wayIn();
  sendJson(response, {
    is_open: isOpen,
    needs_first_admin: needsFirstAdmin,
    providers: login.names,
    has_session: readCookie(request.headers.cookie, refreshCookie) !== undefined,
  });
}

const keepInput = z.strictObject({ refresh_token: z.string().min(1).max(256) });

/** Changes a refresh token, which a page has got for a password, for the cookie. */
async function keep(
  parts: BrowserLoginMountParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { address, sessions } = parts;
  requireOwnPage(address, request);
  const text = (await readWholeBody(request, mostKeepBytes)).toString("utf8");
  const input = keepInput.safeParse(parseJson(text));
  if (!input.success)
    throw new PlatformError("invalid_request", "Send the refresh token of a login as `refresh_token`.", {
      field: "refresh_token",
    });
  const tried = { caller: toCaller(parts, request), operation: "auth.refresh" };
  const pair = await noting(parts, tried, () => sessions.refresh(input.data.refresh_token));
  response.setHeader("set-cookie", toRefreshCookie(address, pair));
  sendJson(response, toBody(pair));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // No JSON has no refresh token either; the caller says so.
    return undefined;
  }
}

async function refresh(
  parts: BrowserLoginMountParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { sessions, address } = parts;
  const token = requireCookie(address, request);
  const tried = { caller: toCaller(parts, request), operation: "auth.refresh" };
  // Whatever becomes of it, this one is good no longer.
  response.setHeader("set-cookie", formatCookie(refreshCookie, "", refreshOptions(address, 0)));
  const pair = await noting(parts, tried, () => sessions.refresh(token));
  response.setHeader("set-cookie", toRefreshCookie(address, pair));
  sendJson(response, toBody(pair));
}

async function logout(
  parts: BrowserLoginMountParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { sessions, address, auditor } = parts;
  const token = requireCookie(address, request);
  response.setHeader("set-cookie", formatCookie(refreshCookie, "", refreshOptions(address, 0)));
  const session = await sessions.find(token);
  if (session === undefined) {
    sendJson(response, { ended: false });
    return;
  }
  const target = { type: "session", id: session.id, name: session.userName };
  const intent = {
    operation: "auth.logout",
    caller: toCaller(parts, request),
    target,
    before: null,
    asked: null,
  };
  const ended = await auditor.change(intent, async () => {
    const result = await sessions.end(session.id);
    return { result, target, after: { ended: result } };
  });
  sendJson(response, { ended });
}

function toCaller({ readCaller }: BrowserLoginMountParts, request: IncomingMessage): Caller {
  return { principal: undefined, address: addressOf(request, readCaller), requestId: newRequestId() };
}

/** Does something, and has it on record when somebody is refused. */
async function noting<Result>(
  { auditor }: BrowserLoginMountParts,
  { caller, operation }: { readonly caller: Caller; readonly operation: string },
  action: () => Promise<Result>,
): Promise<Result> {
  try {
    return await action();
  } catch (error) {
    noteRefusal({ ...caller, auditor }, { operation, error });
    throw error;
  }
}

/** Throws PlatformError `forbidden` for a request that another site's page has made. */
function requireCookie(address: PublicAddress, request: IncomingMessage): string {
  request.resume();
  const token = readCookie(request.headers.cookie, refreshCookie);
  if (token === undefined)
    throw new PlatformError("invalid_request", "There is no cookie of a login. Log in first.");
  requireOwnPage(address, request);
  return token;
}

/** Throws PlatformError `forbidden`. */
function requireOwnPage(address: PublicAddress, request: IncomingMessage): void {
  if (isSameOrigin(address, request.headers)) return;
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
