import { PlatformError } from "@llm-platform/kit";

/** What the Hub was asked for, to be named in a sentence. */
export interface HubSubject {
  readonly repository?: string | undefined;
  readonly path?: string | undefined;
}

/** What counts of an answer that is not what was asked for. */
export interface RefusedAnswer {
  readonly status: number;
  /** @param name in lower case */
  header(name: string): string | undefined;
}

/** An answer of the Hub that is not what was asked for, in our words. */
export function toHubError({ status, header }: RefusedAnswer, subject: HubSubject): PlatformError {
  const upstream = { upstreamStatus: status };
  const { repository = "this", path } = subject;
  switch (header("x-error-code")) {
    case "GatedRepo":
      return new PlatformError(
        "forbidden",
        `Access to ${repository} must be asked for: open its page on the Hub, accept its terms, and give this integration a token of the same account (HUGGINGFACE_TOKEN).`,
        upstream,
      );
    case "RevisionNotFound":
      return new PlatformError("not_found", `${repository} has no such revision.`, {
        ...upstream,
        field: "revision",
      });
    case "EntryNotFound":
      return new PlatformError(
        "not_found",
        `${repository} has no file ${path ?? "of this name"} at this revision.`,
        {
          ...upstream,
          field: "file",
        },
      );
    case "RepoNotFound":
      return missing(repository, status);
  }
  if (status === 401 && header("x-error-code") === undefined)
    return new PlatformError(
      "upstream_auth",
      "The Hub refused the token. Check HUGGINGFACE_TOKEN.",
      upstream,
    );
  if (status === 401 || status === 403 || status === 404) return missing(repository, status);
  if (status === 429)
    return new PlatformError("rate_limited", "The Hub asks for a pause. With a token it allows more.", {
      ...upstream,
      isRetryable: true,
      retryAfterMs: Number(header("retry-after") ?? 0) * 1_000 || 60_000,
    });
  return new PlatformError("upstream_error", `The Hub answered with status ${status}.`, {
    ...upstream,
    isRetryable: status >= 500,
  });
}

/** The Hub does not tell what is private from what is not there. */
function missing(repository: string, status: number): PlatformError {
  return new PlatformError(
    "not_found",
    `The Hub has no repository ${repository}, or it is private and the token (HUGGINGFACE_TOKEN) does not open it.`,
    { upstreamStatus: status, field: "repository" },
  );
}
