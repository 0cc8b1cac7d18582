import { PlatformError } from "@llm-platform/kit";
import type { ByteRun } from "../core/chunk-map.ts";
import type { FileSource } from "./file-source.ts";

/** Asks for a part of what is at an address, under the guard of outbound calls; redirects are handed over. */
export type FetchPart = (url: URL, run: ByteRun, signal: AbortSignal) => Promise<Response>;

const mostRedirects = 5;

/**
 * A file at a bare address. Rejects with PlatformError: `invalid_request` for what is no such address, `forbidden` for
 * one that may not be reached, `not_found` when there is nothing, `upstream_error`, `upstream_malformed`.
 */
export async function findUrl(
  address: string,
  fetchPart: FetchPart,
  signal: AbortSignal,
): Promise<FileSource> {
  const url = parseAddress(address);
  const open = (run: ByteRun, until: AbortSignal): Promise<Response> =>
    follow(url, { fetchPart, run, signal: until });
  const response = await open({ from: 0, until: 1 }, signal);
  await response.body?.cancel();
  const { status, headers } = response;
  if (status !== 200 && status !== 206) throw notThere(status);
  const size =
    status === 206 ? /\/(\d+)$/.exec(headers.get("content-range") ?? "")?.[1] : headers.get("content-length");
  if (size === undefined || size === null)
    throw new PlatformError(
      "upstream_malformed",
      "The address does not say how large its file is, and so it is not fetched.",
    );
  const version = headers.get("etag") ?? headers.get("last-modified") ?? size;
  return {
    name: fileNameOf(url),
    sizeBytes: Number(size),
    sha256: undefined,
    version,
    async open(run, until) {
      const part = await open(run, until);
      const other = part.headers.get("etag") ?? part.headers.get("last-modified") ?? size;
      if (part.ok && other === version) return part;
      await part.body?.cancel();
      // What has another version has none of the bytes that were asked for.
      if (part.ok) return new Response(null, { status: 412 });
      return part;
    },
  };
}

function parseAddress(address: string): URL {
  const url = URL.parse(address);
  const isPlain =
    url !== null && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "";
  if (isPlain) return url;
  throw new PlatformError(
    "invalid_request",
    "`source` must be an http:// or https:// address without user name and password.",
    { field: "source" },
  );
}

interface Asking {
  readonly fetchPart: FetchPart;
  readonly run: ByteRun;
  readonly signal: AbortSignal;
}

/** Each place on the way is judged like the first. */
async function follow(start: URL, { fetchPart, run, signal }: Asking): Promise<Response> {
  let url = start;
  for (let redirects = 0; redirects <= mostRedirects; redirects++) {
    const response = await fetchPart(url, run, signal);
    const location = response.headers.get("location");
    if (response.status < 300 || response.status >= 400 || location === null) return response;
    await response.body?.cancel();
    const next = URL.parse(location, url.href);
    // From a protected connection to a bare one is a step that nobody asked for.
    if (next === null || (url.protocol === "https:" && next.protocol !== "https:"))
      throw notThere(response.status);
    url = parseAddress(next.href);
  }
  throw new PlatformError("upstream_error", "The address sends on and on.");
}

function fileNameOf(url: URL): string {
  const last = url.pathname.split("/").at(-1) ?? "";
  try {
    return decodeURIComponent(last);
  } catch {
    // What is no text after decoding is judged as it stands.
    return last;
  }
}

function notThere(status: number): PlatformError {
  const isMissing = status >= 400 && status < 500 && status !== 429;
  return new PlatformError(
    isMissing ? "not_found" : "upstream_error",
    `The address did not give its file (status ${status}).`,
    { upstreamStatus: status },
  );
}
