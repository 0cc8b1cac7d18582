import { type HubRange, type IntegrationContext, PlatformError } from "@llm-platform/kit";
import type { ServerAddress } from "../server-address.ts";
import { toHubError } from "./hub-error.ts";
import type { HuggingFaceSettings } from "./settings.ts";

interface OpenFileParts {
  readonly context: IntegrationContext<HuggingFaceSettings>;
  readonly address: ServerAddress;
}

const mostRedirects = 4;
const passing = (status: number): boolean => status === 429 || status >= 500 || status === 416;

/**
 * Asks for a part of a file, at the endpoint and then where that sends on to: only servers of the settings are called, and
 * only the endpoint is shown the token.
 */
export async function openFile(
  { context, address }: OpenFileParts,
  range: HubRange,
  signal: AbortSignal,
): Promise<Response> {
  const { token } = context.settings;
  const { repository, commit, path, from, until } = range;
  const encoded = path.split("/").map(encodeURIComponent).join("/");
  let url = new URL(`${address.origin}${address.prefix}/${repository}/resolve/${commit}/${encoded}`);
  for (let redirects = 0; ; redirects++) {
    const isEndpoint = url.origin === address.origin;
    const response = await context.fetch(url.href, {
      headers: {
        range: `bytes=${from}-${until - 1}`,
        "accept-encoding": "identity",
        ...(isEndpoint && token !== undefined ? { authorization: `Bearer ${token.reveal()}` } : {}),
      },
      deadlineMs: 0,
      signal,
    });
    const location = response.headers.get("location");
    if (response.status < 300 || passing(response.status)) return response;
    await response.body?.cancel();
    if (response.status >= 400 || location === null) throw toRefusal(response, { range, isEndpoint });
    url = nextPlace(location, url, context.settings);
    if (redirects >= mostRedirects)
      throw new PlatformError("upstream_error", "The Hub sends on and on for this file.");
  }
}

/** A signed address of a file may have run out: the endpoint then gives another. */
function toRefusal(
  response: Response,
  { range, isEndpoint }: { readonly range: HubRange; readonly isEndpoint: boolean },
): PlatformError {
  if (isEndpoint) return toHubError(response, range);
  return new PlatformError(
    "upstream_error",
    `The server of the Hub's files answered with status ${response.status}.`,
    {
      upstreamStatus: response.status,
      isRetryable: response.status === 403,
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
