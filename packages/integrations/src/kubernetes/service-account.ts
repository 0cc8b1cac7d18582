import { readFile } from "node:fs/promises";
import { PlatformError } from "@llm-platform/kit";

const folder = "/var/run/secrets/kubernetes.io/serviceaccount";

/** What Kubernetes gives to each pod that may call its API. */
export const serviceAccount = {
  api_url: "https://kubernetes.default.svc",
  token_file: `${folder}/token`,
  tls: { ca_file: `${folder}/ca.crt` },
} as const;

/** Rejects with PlatformError `config_invalid`. */
export async function readServiceAccountToken(file: string): Promise<string> {
  try {
    return (await readFile(file, "utf8")).trim();
  } catch (cause) {
    throw new PlatformError(
      "config_invalid",
      `token_file: the file ${file} cannot be read. Outside of a pod, set kubeconfig, token or token_file.`,
      { field: "token_file", cause },
    );
  }
}
