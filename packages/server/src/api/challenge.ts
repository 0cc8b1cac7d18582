import { PlatformError } from "@llm-platform/kit";

/** A caller who is not known, and what tells the client how to become so (RFC 6750 section 3, RFC 9728 section 5.1). */
export class ChallengeError extends PlatformError {
  readonly challenge: string;

  constructor(error: PlatformError, challenge: string) {
    super(error.code, error.message, {
      cause: error,
      ...(error.field === undefined ? {} : { field: error.field }),
    });
    this.challenge = challenge;
  }
}

export const plainChallenge = 'Bearer realm="llm-platform"';

/**
 * The value of `www-authenticate`.
 * @param metadata address of the metadata; undefined where it is not known
 * @param isSent whether the client has sent something that was not good
 */
export function formatChallenge(metadata: string | undefined, isSent: boolean): string {
  return [
    plainChallenge,
    ...(isSent ? ['error="invalid_token"'] : []),
    ...(metadata === undefined ? [] : [`resource_metadata="${metadata}"`]),
  ].join(", ");
}
