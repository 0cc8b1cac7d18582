import { readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { PlatformError, toPlatformError } from "@llm-platform/kit";
import type { HttpRoute } from "../../core/http-route.ts";
import { answer, isRead } from "../answer.ts";
import type { Mount } from "../listener.ts";
import { type Asset, chooseCoding, findAssets } from "./assets.ts";

const base = "/console";
const index = "index.html";

const routes: readonly HttpRoute[] = [
  { method: "GET", path: "/", access: "public" },
  { method: "GET", path: `${base}/`, access: "public" },
];

/** Scripts, styles and connections of the server's own alone: what somebody smuggles into a page does nothing. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

const pageHeaders = {
  "content-security-policy": policy,
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
} as const;

/**
 * The web console: its files under `/console/`, its page for every other path there, and at `/` for browsers. Other clients
 * get at `/` what another surface has there.
 * @param folder that the build has written the console into; read with the first request
 */
export function createConsoleMount(folder: string): Mount {
  const kept: { assets?: Promise<ReadonlyMap<string, Asset>> | undefined } = {};

  function assets(): Promise<ReadonlyMap<string, Asset>> {
    kept.assets ??= findAssets(folder).catch((error: unknown) => {
      kept.assets = undefined;
      throw error;
    });
    return kept.assets;
  }

  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    if (!isRead(request, response)) return;
    request.resume();
    assets()
      .then((all) => send(choose(all, request), request, response))
      .catch((error: unknown) => answer(response, toPlatformError(error)));
  };
  return {
    routes,
    paths: new Map([[base, handle]]),
    prefixes: new Map([[`${base}/`, handle]]),
    pages: new Map([["/", handle]]),
  };
}

/** Throws PlatformError `not_found` for a file that is not there; every other path is one of the page's own. */
function choose(assets: ReadonlyMap<string, Asset>, request: IncomingMessage): Asset {
  const path = (request.url ?? "/").split("?")[0] ?? "/";
  const name = path.slice(base.length + 1);
  const file = path.startsWith(`${base}/`) && name !== index ? assets.get(name) : undefined;
  if (file !== undefined) return file;
  const page = assets.get(index);
  const isPage = request.headers.accept?.includes("text/html") === true && !name.startsWith("assets/");
  if (page !== undefined && isPage) return page;
  throw new PlatformError(
    "not_found",
    "The console has no such file. Reload the page: the server may be newer.",
  );
}

async function send(asset: Asset, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { contentType, etag, isHashed } = asset;
  const coding = chooseCoding(asset, request.headers["accept-encoding"]);
  const headers = {
    etag,
    vary: "accept, accept-encoding",
    "cache-control": isHashed ? "public, max-age=31536000, immutable" : "no-cache",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
    ...(contentType.startsWith("text/html") ? pageHeaders : {}),
  };
  if (request.headers["if-none-match"]?.split(/,\s*/).includes(etag) === true) {
    response.writeHead(304, headers).end();
    return;
  }
  const body = await readFile(asset.paths[coding] ?? asset.paths.identity);
  response.writeHead(200, {
    ...headers,
    "content-type": contentType,
    "content-length": body.length,
    ...(coding === "identity" ? {} : { "content-encoding": coding }),
  });
  response.end(request.method === "HEAD" ? undefined : body);
}
