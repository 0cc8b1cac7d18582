import { type FilePart, PlatformError } from "@llm-platform/kit";
import type { ByteRun } from "../core/chunk-map.ts";
import { type FileSource, otherVersion } from "./file-source.ts";

/** What an answer says of its body. */
export type FileHead = Pick<FilePart, "status" | "headers">;

/** Asks for what is at an address, under the guard of outbound calls; redirects are handed over. */
export interface UrlDoor {
  /** As if for the first byte; what comes of a body is let go. */
  look(url: URL, signal: AbortSignal): Promise<FileHead>;
  open(url: URL, run: ByteRun, signal: AbortSignal): Promise<FilePart>;
}

const mostRedirects = 5;

/**
 * A file at a bare address. Rejects with PlatformError: `invalid_request` for what is no such address, `forbidden` for
 * one that may not be reached, `not_found` when there is nothing, `upstream_error`, `upstream_malformed`.
 */
export async function findUrl(address: string, door: UrlDoor, signal: AbortSignal): Promise<FileSource> {
  const start = parseAddress(address);
  const { status, headers } = await follow(start, {
    ask: (url) => door.look(url, signal),
    drop: () => undefined,
  });
  if (status !== 200 && status !== 206) throw notThere(status);
  const size =
    status === 206 ? /\/(\d+)$/.exec(headers.get("content-range") ?? "")?.[1] : headers.get("content-length");
  if (size === undefined)
    throw new PlatformError(
      "upstream_malformed",
      "The address does not say how large its file is, and so it is not fetched.",
    );
  const version = headers.get("etag") ?? headers.get("last-modified") ?? size;
  return {
    name: fileNameOf(start),
    sizeBytes: Number(size),
    sha256: undefined,
    version,
    async open(run, until) {
      const part = await follow(start, {
        ask: (url) => door.open(url, run, until),
        drop: ({ body }) => body.drop(),
      });
      const other = part.headers.get("etag") ?? part.headers.get("last-modified") ?? size;
      const isContents = part.status === 200 || part.status === 206;
      if (!isContents || other === version) return part;
      part.body.drop();
      return otherVersion();
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

interface Asking<Answer> {
  ask(url: URL): Promise<Answer>;
  /** Lets go of an answer that sends on. */
  drop(answer: Answer): void;
}

/** Each place on the way is judged like the first. */
async function follow<Answer extends FileHead>(start: URL, { ask, drop }: Asking<Answer>): Promise<Answer> {
  let url = start;
  for (let redirects = 0; redirects <= mostRedirects; redirects++) {
    const answer = await ask(url);
    const { status } = answer;
    const location = answer.headers.get("location");
    if (status < 300 || status >= 400 || location === undefined) return answer;
    drop(answer);
    const next = URL.parse(location, url.href);
    // From a protected connection to a bare one is a step that nobody asked for.
    if (next === null || (url.protocol === "https:" && next.protocol !== "https:")) throw notThere(status);
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
