import { z } from "zod";
import { section } from "./section.ts";

const versions = ["1.2", "1.3"] as const;

export const tlsSettings = section(
  {
    cert_file: z
      .string()
      .min(1)
      .optional()
      .describe(
        "Certificate of the port in PEM, followed by those of its issuers. With it and `key_file` the port speaks HTTPS only.",
      ),
    key_file: z.string().min(1).optional().describe("Private key of the certificate in PEM, not encrypted."),
    client_ca_file: z
      .string()
      .min(1)
      .optional()
      .describe(
        "Issuers in PEM of the certificates that every client must show. Without it none is asked for. API keys are asked for all the same.",
      ),
    min_version: z
      // YAML reads a bare 1.3 as a number.
      .preprocess((value) => (typeof value === "number" ? String(value) : value), z.enum(versions))
      .default("1.2")
      .describe("Oldest version of TLS that is spoken."),
  },
  "TLS of the port. The files are read again within seconds after they change.",
);

/** The setting that is missing beside those of TLS which are there, and why; undefined when nothing is. */
export function findMissingTls({ cert_file, key_file, client_ca_file }: z.output<typeof tlsSettings>) {
  const isWanted = [cert_file, key_file, client_ca_file].some((file) => file !== undefined);
  const missing = cert_file === undefined ? "cert_file" : key_file === undefined ? "key_file" : undefined;
  if (!isWanted || missing === undefined) return undefined;
  return { path: ["server", "tls", missing], message: "is needed beside the other files of server.tls" };
}
