import {
  type FilePart,
  type FileServer,
  type HubRange,
  type IntegrationContext,
  PlatformError,
} from "@llm-platform/kit";
import type { ServerAddress } from "../server-address.ts";
import { toHubError } from "./hub-error.ts";
import type { HuggingFaceSettings } from "./settings.ts";

interface OpenFileParts {
  readonly context: IntegrationContext<HuggingFaceSettings>;
  readonly address: ServerAddress;
}

/** Asks for a part of a file of a repository. Rejects with PlatformError. */
export type OpenFile = (range: HubRange, signal: AbortSignal) => Promise<FilePart>;

const mostRedirects = 4;
const passing = (status: number): boolean => status === 429 || status >= 500 || status === 416;

/**
 * Asks for parts of files, at the endpoint and then where that sends on to: only servers of the settings are called, and
 * only the endpoint is shown the token.
 */
export function createFileOpener({ context, address }: OpenFileParts): OpenFile {
  const { settings } = context;
  const { token } = settings;
  const servers = new Map<string, FileServer>();
  const authorization = token === undefined ? [] : ([["authorization", `Bearer ${token.reveal()}`]] as const);

  function serverOf(origin: string): FileServer {
    const known = servers.get(origin);
    if (known !== undefined) return known;
    const server = context.fileServer(origin);
    servers.set(origin, server);
    return server;
  }

  return async (range, signal) => {
    const { repository, commit, path, from, until } = range;
    const encoded = path.split("/").map(encodeURIComponent).join("/");
    let url = new URL(`${address.origin}${address.prefix}/${repository}/resolve/${commit}/${encoded}`);
    for (let redirects = 0; ; redirects++) {
      const isEndpoint = url.origin === address.origin;
      const part = await serverOf(url.origin).ask(
        { path: url.pathname + url.search, from, until, headers: isEndpoint ? authorization : [] },
        signal,
      );
      const location = part.headers.get("location");
      if (part.status < 300 || passing(part.status)) return part;
      part.body.drop();
      if (part.status >= 400 || location === undefined) throw toRefusal(part, { range, isEndpoint });
      url = nextPlace(location, url, settings);
      if (redirects >= mostRedirects)
        throw new PlatformError("upstream_error", "The Hub sends on and on for this file.");
    }
  };
}

/** A signed address of a file may have run out: the endpoint then gives another. */
function toRefusal(
  { status, headers }: FilePart,
  { range, isEndpoint }: { readonly range: HubRange; readonly isEndpoint: boolean },
): PlatformError {
  if (isEndpoint) return toHubError({ status, header: (name) => headers.get(name) }, range);
  return new PlatformError(
    "upstream_error",
    `The server of the Hub's files answered with status ${status}.`,
    {
      upstreamStatus: status,
      isRetryable: status === 403,
    },
  );
}

/** Throws PlatformError `forbidden` for a server that the settings do not name. */
function nextPlace(location: string, from: URL, settings: HuggingFaceSettings): URL {
  const url = URL.parse(location, from.href);
  const known = [settings.endpoint, ...settings.download_origins].map((each) => new URL(each).origin);
  if (url !== null && known.includes(url.origin)) return url;
  throw new PlatformError(
    "forbidden",
    `The Hub sends this file from ${url?.origin ?? "a place that is no address"}, which is not among the servers that files may come from. If that is right, add it to \`download_origins\`.`,
  );
}
