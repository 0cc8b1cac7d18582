import { PlatformError } from "@llm-platform/kit";

// What can become of a connection to an upstream, in the words in which a call hears of it. All of it may be tried again.

/** The reply cannot be read, or two readers could read it differently. */
export function malformedReply(cause: Error): PlatformError {
  return new PlatformError("upstream_malformed", "The upstream's reply is not valid HTTP.", {
    cause,
    isRetryable: true,
  });
}

export function endedEarly(): PlatformError {
  return new PlatformError(
    "upstream_incomplete",
    "The upstream closed the connection before its reply was complete.",
    { isRetryable: true },
  );
}

export function notAccepted(cause?: Error): PlatformError {
  return new PlatformError("upstream_timeout", "The upstream did not accept a connection in time.", {
    cause,
    isRetryable: true,
  });
}

const nameErrors = new Set(["ENOTFOUND", "EAI_AGAIN", "EAI_FAIL", "ENODATA"]);

/** Codes of OpenSSL and Node for a certificate that is not accepted. */
const certificateErrors =
  /^(?:CERT_|ERR_TLS_CERT_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_(?:GET_ISSUER|VERIFY)|INVALID_(?:CA|PURPOSE)|HOSTNAME_MISMATCH)/;

/** The operating system or TLS ended it, or never made it. */
export function brokenConnection(error: NodeJS.ErrnoException): PlatformError {
  const cause = { cause: error, isRetryable: true };
  if (nameErrors.has(error.code ?? ""))
    return new PlatformError(
      "upstream_error",
      "The upstream's host name could not be resolved (dns).",
      cause,
    );
  if (error.code === "ECONNREFUSED" || error.code === "ENOENT")
    return new PlatformError("upstream_error", "The upstream refused the connection.", cause);
  if (certificateErrors.test(error.code ?? ""))
    return new PlatformError(
      "upstream_error",
      `The upstream's certificate is not trusted (${error.code}).`,
      cause,
    );
  if (/^(?:ERR_SSL_|EPROTO$)/.test(error.code ?? ""))
    return new PlatformError("upstream_error", `TLS with the upstream failed (${error.code}).`, cause);
  if (error.code === "ETIMEDOUT") return notAccepted(error);
  return new PlatformError("upstream_incomplete", "The connection to the upstream broke.", cause);
}
