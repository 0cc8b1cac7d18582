const nameErrors: ReadonlySet<unknown> = new Set(["ENOTFOUND", "EAI_AGAIN", "EAI_FAIL", "ENODATA"]);
const deepestCause = 5;

/** Whether a call failed because the host's name could not be resolved, which its chain of causes tells. */
export function isUnresolved(error: unknown): boolean {
  let at = error;
  for (let depth = 0; depth < deepestCause && at instanceof Error; depth++) {
    if ("code" in at && nameErrors.has(at.code)) return true;
    at = at.cause;
  }
  return false;
}

/** What a person is told of it. */
export function unresolvedText(origin: string): string {
  return `The host name of ${origin} cannot be resolved (dns). Check the address and the network's name server.`;
}
