import { generateKeyPairSync } from "node:crypto";
import { PlatformError } from "@llm-platform/kit";
import { describe, expect, it } from "vitest";
import { makeCertificate } from "./certificate.test-data.ts";
import { readTlsCredentials, type TlsTexts } from "./tls-credentials.ts";

const authority = makeCertificate({ subject: "authority" });
const expires = new Date("2031-02-03T04:05:06Z");
const own = makeCertificate({ subject: "own", issuer: authority, expires });
const good: TlsTexts = { certificate: own.cert, key: own.key, clientAuthorities: undefined };
const lockedKey = generateKeyPairSync("rsa", { modulusLength: 2_048 })
  .privateKey.export({ type: "pkcs8", format: "pem", cipher: "aes-128-cbc", passphrase: "x" })
  .toString();
const rsaKey = generateKeyPairSync("rsa", { modulusLength: 2_048 })
  .privateKey.export({ type: "pkcs1", format: "pem" })
  .toString();

function problemsOf(texts: TlsTexts): readonly string[] {
  try {
    readTlsCredentials(texts, "TLSv1.2");
  } catch (error) {
    if (!(error instanceof PlatformError) || error.code !== "config_invalid") throw error;
    return error.problems.map(({ field, message }) => `${field}: ${message}`);
  }
  return [];
}

describe("readTlsCredentials", () => {
  it("tells when the certificate begins and ends", () => {
    expect(readTlsCredentials(good, "TLSv1.3").expiresAtMs).toBe(expires.getTime());
    expect(readTlsCredentials(good, "TLSv1.3").validFromMs).toBeLessThan(Date.now());
  });

  it.each<[string, Partial<TlsTexts>]>([
    ["a chain", { certificate: own.cert + authority.cert }],
    ["text around the blocks", { certificate: `subject=own - a name\n${own.cert}`, key: `\n${own.key}\n` }],
    ["both in one text", { certificate: own.cert + own.key, key: own.cert + own.key }],
    ["line ends of another system", { certificate: own.cert.replaceAll("\n", "\r\n") }],
    ["authorities of clients", { clientAuthorities: authority.cert + own.cert }],
  ])("takes %s", (_what, texts) => {
    expect(problemsOf({ ...good, ...texts })).toEqual([]);
  });

  it.each<[string, Partial<TlsTexts>, readonly string[]]>([
    ["an empty certificate", { certificate: "" }, ["server.tls.cert_file: has no certificate in PEM"]],
    ["a key in its place", { certificate: own.key }, ["server.tls.cert_file: has no certificate in PEM"]],
    [
      "a broken certificate",
      { certificate: own.cert.replace(/\n[A-Za-z0-9+/]{64}/, "\nAAAA") },
      ["server.tls.cert_file: has a certificate that cannot be read"],
    ],
    [
      "a certificate as key",
      { key: own.cert },
      ["server.tls.key_file: has no private key in PEM that can be read"],
    ],
    [
      "an encrypted key",
      { key: lockedKey },
      ["server.tls.key_file: is encrypted; store it without a passphrase, readable by the server alone"],
    ],
    [
      "another's key",
      { key: authority.key },
      [
        "server.tls.key_file: is not the key of the first certificate in server.tls.cert_file; the server's own comes first there",
      ],
    ],
    [
      "a key of another kind",
      { key: rsaKey },
      [
        "server.tls.key_file: is not the key of the first certificate in server.tls.cert_file; the server's own comes first there",
      ],
    ],
    [
      "a chain in the wrong order",
      { certificate: authority.cert + own.cert },
      [
        "server.tls.key_file: is not the key of the first certificate in server.tls.cert_file; the server's own comes first there",
      ],
    ],
    [
      "everything wrong at once",
      { certificate: "x", key: "y", clientAuthorities: "z" },
      [
        "server.tls.cert_file: has no certificate in PEM",
        "server.tls.key_file: has no private key in PEM that can be read",
        "server.tls.client_ca_file: has no certificate in PEM",
      ],
    ],
  ])("refuses %s", (_what, texts, problems) => {
    expect(problemsOf({ ...good, ...texts })).toEqual(problems);
  });
});
