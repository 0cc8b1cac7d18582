import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { createSecureContext, type SecureVersion } from "node:tls";
import { PlatformError, type Problem } from "@llm-platform/kit";

/** What a server shows and asks for in a TLS handshake, as PEM text. */
export interface TlsTexts {
  /** The server's certificate first, then those of its issuers. */
  readonly certificate: string;
  readonly key: string;
  /** Issuers of the certificates that clients must show; undefined when none is asked for. */
  readonly clientAuthorities: string | undefined;
}

/** The same, seen to fit together. */
export interface TlsCredentials extends TlsTexts {
  readonly minVersion: SecureVersion;
  readonly validFromMs: number;
  readonly expiresAtMs: number;
}

/** The settings that name where the texts come from: problems are told by them. */
export const tlsFields = {
  certificate: "server.tls.cert_file",
  key: "server.tls.key_file",
  clientAuthorities: "server.tls.client_ca_file",
} as const satisfies Record<keyof TlsTexts, string>;

const certificateBlock = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * Reads certificates (RFC 5280) and a private key out of PEM (RFC 7468, with any text around the blocks) and sees that
 * TLS (RFC 8446, RFC 5246) can be served with them. Whether the certificate is in date is the caller's to judge: an
 * expired one still serves clients that do not care, and a clock may be wrong.
 * @throws PlatformError `config_invalid`, which names the setting of each text that cannot be used
 */
export function readTlsCredentials(texts: TlsTexts, minVersion: SecureVersion): TlsCredentials {
  const problems: Problem[] = [];
  const [leaf] = readCertificates(texts.certificate, tlsFields.certificate, problems);
  const key = readKey(texts.key, problems);
  if (texts.clientAuthorities !== undefined)
    readCertificates(texts.clientAuthorities, tlsFields.clientAuthorities, problems);
  if (leaf !== undefined && key !== undefined && !leaf.checkPrivateKey(key)) {
    const message = `is not the key of the first certificate in ${tlsFields.certificate}; the server's own comes first there`;
    problems.push({ field: tlsFields.key, message });
  }
  if (leaf === undefined || problems.length > 0) throw tlsProblems(problems);
  const credentials = { ...texts, minVersion };
  tryContext(credentials);
  return {
    ...credentials,
    validFromMs: Date.parse(leaf.validFrom),
    expiresAtMs: Date.parse(leaf.validTo),
  };
}

/** An error that names each setting which TLS cannot be served with. */
export function tlsProblems(problems: readonly Problem[], cause?: unknown): PlatformError {
  const list = problems.map(({ field, message }) => `\n  ${field}: ${message}`).join("");
  return new PlatformError("config_invalid", `TLS cannot be served:${list}`, { problems, cause });
}

function readCertificates(text: string, field: string, problems: Problem[]): readonly X509Certificate[] {
  const blocks = text.match(certificateBlock) ?? [];
  if (blocks.length === 0) problems.push({ field, message: "has no certificate in PEM" });
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch {
    // What is wrong inside of the block is OpenSSL's own language.
    problems.push({ field, message: "has a certificate that cannot be read" });
    return [];
  }
}

function readKey(text: string, problems: Problem[]): KeyObject | undefined {
  try {
    return createPrivateKey(text);
  } catch {
    // OpenSSL's errors differ with the form of the key; either form says that it is encrypted in these letters.
    const message = /\bENCRYPTED\b/.test(text)
      ? "is encrypted; store it without a passphrase, readable by the server alone"
      : "has no private key in PEM that can be read";
    problems.push({ field: tlsFields.key, message });
    return undefined;
  }
}

/** OpenSSL has the last word, for example on keys that are too short. */
function tryContext({ certificate, key, minVersion }: TlsTexts & Pick<TlsCredentials, "minVersion">): void {
  try {
    createSecureContext({ cert: certificate, key, minVersion });
  } catch (error) {
    const why = error instanceof Error && "code" in error ? ` (${String(error.code)})` : "";
    const message = `cannot be used for TLS${why}`;
    throw tlsProblems([{ field: tlsFields.certificate, message }], error);
  }
}
