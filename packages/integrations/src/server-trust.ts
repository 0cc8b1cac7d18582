import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { type IntegrationContext, PlatformError } from "@llm-platform/kit";

/** What the settings of a server say about trust in it. */
export interface TrustSettings {
  readonly tls?: { readonly ca_file?: string | undefined } | undefined;
}

const certificateBlock = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * The context with every call to the server trusting the issuers of `tls.ca_file`, and no others, where it is set.
 * Rejects with PlatformError `config_invalid` when the file cannot be used.
 */
export async function withServerTrust<Settings extends TrustSettings>(
  context: IntegrationContext<Settings>,
): Promise<IntegrationContext<Settings>> {
  const file = context.settings.tls?.ca_file;
  if (file === undefined) return context;
  const certificateAuthorities = await readAuthorities(file);
  return {
    ...context,
    fetch: (url, options) => context.fetch(url, { ...options, certificateAuthorities }),
    upstream: (origin, limits) => context.upstream(origin, { ...limits, certificateAuthorities }),
  };
}

/** The certificates of a PEM file. Rejects with PlatformError `config_invalid` of the field `tls.ca_file`. */
export async function readAuthorities(file: string): Promise<string> {
  const refuse = (message: string, cause?: unknown) =>
    new PlatformError("config_invalid", `tls.ca_file: ${message}`, { field: "tls.ca_file", cause });
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw refuse(`the file ${file} cannot be read.`, error);
  });
  const blocks = text.match(certificateBlock) ?? [];
  if (blocks.length === 0) throw refuse(`the file ${file} has no certificate in PEM.`);
  try {
    return blocks.map((block) => new X509Certificate(block).toString()).join("");
  } catch (error) {
    throw refuse(`the file ${file} has a certificate that cannot be read.`, error);
  }
}
