import type { Secret, UpstreamRequest } from "@llm-platform/kit";

type HeaderLines = UpstreamRequest["headers"];

interface RequestHeadersInput {
  readonly accept: string;
  /** Sent as a Bearer token. */
  readonly apiKey?: Secret | undefined;
  /** Further lines of the user's own. */
  readonly extra?: Readonly<Record<string, Secret>> | undefined;
}

/** The header lines of the model calls of an instance. A line of the user's own replaces one of the same name. */
export function toRequestHeaders(input: RequestHeadersInput): HeaderLines {
  return Object.entries({ "content-type": "application/json", ...toSharedHeaders(input) });
}

/** Headers that every request of an instance carries, control calls too. Names are in lower case. */
export function toSharedHeaders({
  accept,
  apiKey,
  extra = {},
}: RequestHeadersInput): Readonly<Record<string, string>> {
  const own = Object.entries(extra).map(([name, value]) => [name.toLowerCase(), value.reveal()] as const);
  return {
    accept,
    "user-agent": "llm-platform",
    ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey.reveal()}` }),
    ...Object.fromEntries(own),
  };
}
