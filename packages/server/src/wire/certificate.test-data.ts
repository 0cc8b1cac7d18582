import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { isIP } from "node:net";

/** A certificate with its key, as PEM and for signing others. */
export type Certificate = {
  readonly cert: string;
  readonly key: string;
  readonly subject: string;
  readonly privateKey: KeyObject;
};

/** What a certificate is to say. */
export type CertificateWishes = {
  readonly subject: string;
  /** Host names and addresses of IPv4. Default: `localhost` and `127.0.0.1`. */
  readonly hosts?: readonly string[];
  /** Who signs it; a certificate without an issuer signs itself and may sign others. */
  readonly issuer?: Certificate;
  readonly validFrom?: Date;
  readonly expires?: Date;
};

const dayMs = 86_400_000;

/** Makes a certificate (RFC 5280, in DER of X.690) on the curve P-256: Node has everything for it but the writing. */
export function makeCertificate(wishes: CertificateWishes): Certificate {
  const { subject, issuer, hosts = ["localhost", "127.0.0.1"] } = wishes;
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const from = wishes.validFrom ?? new Date(Date.now() - dayMs);
  const to = wishes.expires ?? new Date(Date.now() + 30 * dayMs);
  const extensions = [
    extension([0x55, 0x1d, 0x13], sequence(issuer === undefined ? der(0x01, Buffer.from([0xff])) : noBytes)),
    extension([0x55, 0x1d, 0x11], sequence(...hosts.map(alternativeName))),
  ];
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ecdsaWithSha256,
    nameOf(issuer?.subject ?? subject),
    sequence(timeOf(from), timeOf(to)),
    nameOf(subject),
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(...extensions)),
  );
  const signature = sign("sha256", body, issuer?.privateKey ?? privateKey);
  const whole = sequence(body, ecdsaWithSha256, der(0x03, Buffer.from([0]), signature));
  const lines = whole.toString("base64").match(/.{1,64}/g) ?? [];
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    subject,
    privateKey,
  };
}

const noBytes = Buffer.alloc(0);

function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function sequence(...contents: readonly Uint8Array[]): Buffer {
  return der(0x30, ...contents);
}

const ecdsaWithSha256 = sequence(der(0x06, Buffer.from([0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02])));

function nameOf(commonName: string): Buffer {
  const id = der(0x06, Buffer.from([0x55, 0x04, 0x03]));
  return sequence(der(0x31, sequence(id, der(0x0c, Buffer.from(commonName)))));
}

function timeOf(time: Date): Buffer {
  return der(0x18, Buffer.from(`${time.toISOString().replaceAll(/[-:T]|\.\d+/g, "")}`));
}

function extension(id: readonly number[], value: Uint8Array): Buffer {
  return sequence(der(0x06, Buffer.from(id)), der(0x04, value));
}

function alternativeName(host: string): Buffer {
  if (isIP(host) === 4) return der(0x87, Buffer.from(host.split(".").map(Number)));
  return der(0x82, Buffer.from(host));
}
