const nameErrors = /^(?:ENOTFOUND|EAI_AGAIN|EAI_FAIL|ENODATA)$/;
/** Codes of OpenSSL and Node for a certificate that is not accepted. */
const certificateErrors =
  /^(?:CERT_|ERR_TLS_CERT_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_(?:GET_ISSUER|VERIFY)|INVALID_(?:CA|PURPOSE)|HOSTNAME_MISMATCH)/;
const deepestCause = 5;

/** Why no connection to a server came about, in a sentence for a person; undefined where its chain of causes tells nothing better than `nothing answers`. */
export function describeConnectFailure(error: unknown, origin: string): string | undefined {
  let at = error;
  for (let depth = 0; depth < deepestCause && at instanceof Error; depth++) {
    const code = "code" in at ? String(at.code) : "";
    if (nameErrors.test(code))
      return `The host name of ${origin} cannot be resolved (dns). Check the address and the network's name server.`;
    if (certificateErrors.test(code))
      return `The certificate of ${origin} is not trusted (${code}). If it comes from an issuer of your own, name that in tls.ca_file.`;
    at = at.cause;
  }
  return undefined;
}
