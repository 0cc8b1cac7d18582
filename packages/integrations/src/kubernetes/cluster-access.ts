import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { delimiter } from "node:path";
import type { FetchOptions, IntegrationContext } from "@llm-platform/kit";
import { readAuthorities } from "../server-trust.ts";
import { type Credential, createExecCredentials } from "./exec-credential.ts";
import {
  chooseContext,
  type ClusterEntry,
  type KubeconfigFile,
  kubeconfigError,
  type KubeContext,
  pathIn,
  type UserEntry,
} from "./kubeconfig.ts";
import { readServiceAccountToken, serviceAccount } from "./service-account.ts";
import type { KubernetesSettings } from "./settings.ts";

type Trust = Pick<FetchOptions, "certificateAuthorities" | "serverName" | "isServerUnverified">;

/** Where a cluster's API is, whom to trust there, and what to show it. */
export interface ClusterAccess {
  readonly server: string;
  readonly trust: Trust;
  /** What the next call shows. Files are read anew each time, for they are renewed. Rejects with PlatformError. */
  credential(signal: AbortSignal): Promise<Credential>;
  /** What was shown last was refused: whatever is kept of it is forgotten. */
  forget(): void;
}

type AccessContext = Pick<IntegrationContext<KubernetesSettings>, "settings" | "runCredentialProgram">;

const mostFileBytes = 1_048_576;

/** The address of the cluster's API. Rejects with PlatformError `config_invalid`. */
export async function readServerAddress(settings: KubernetesSettings): Promise<string> {
  if (settings.kubeconfig === undefined) return settings.api_url ?? serviceAccount.api_url;
  return (await readContext(settings.kubeconfig, settings.context)).cluster.value.server;
}

/** Rejects with PlatformError `config_invalid`. */
export async function openClusterAccess(context: AccessContext): Promise<ClusterAccess> {
  const { settings } = context;
  return settings.kubeconfig === undefined
    ? openServiceAccount(settings)
    : openKubeconfig(settings.kubeconfig, context);
}

async function openServiceAccount(settings: KubernetesSettings): Promise<ClusterAccess> {
  const { token, token_file = serviceAccount.token_file, tls = serviceAccount.tls } = settings;
  const trust =
    tls.ca_file === undefined ? {} : { certificateAuthorities: await readAuthorities(tls.ca_file) };
  return {
    server: settings.api_url ?? serviceAccount.api_url,
    trust,
    credential: async () => ({ token: token?.reveal() ?? (await readServiceAccountToken(token_file)) }),
    forget: () => undefined,
  };
}

async function openKubeconfig(paths: string, context: AccessContext): Promise<ClusterAccess> {
  const { settings } = context;
  const { cluster } = await readContext(paths, settings.context);
  const { server } = cluster.value;
  const trust = await readTrust(cluster);
  const programs = createExecCredentials({
    run: (program, signal) => context.runCredentialProgram(program, signal),
    nowMs: Date.now,
  });
  return {
    server,
    trust,
    async credential(signal) {
      const now = await readContext(paths, settings.context);
      // Another cluster must not see what is meant for this one.
      if (now.cluster.value.server !== server)
        throw kubeconfigError(`${now.cluster.name}: server`, "has changed. Restart the integration");
      const { exec } = now.user.value;
      const [token, clientCertificate] = await Promise.all([
        readToken(now.user),
        readClientCertificate(now.user),
      ]);
      return exec === undefined || token !== undefined
        ? { token, clientCertificate }
        : programs.get(exec, now, signal);
    },
    forget: () => programs.forget(),
  };
}

async function readContext(paths: string, name: string | undefined): Promise<KubeContext> {
  const listed = paths.split(delimiter).filter((path) => path !== "");
  const outcomes = await Promise.allSettled(listed.map(readKubeconfig));
  const files = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
  // As for kubectl, some of the files need not be there.
  if (files.length === 0)
    throw kubeconfigError(
      paths,
      "cannot be read. Set kubeconfig to a file, or api_url and token_file, or run the platform within the cluster",
      outcomes.find((outcome) => outcome.status === "rejected")?.reason,
    );
  return chooseContext(files, name);
}

async function readKubeconfig(path: string): Promise<KubeconfigFile> {
  return { path, text: (await readFile(path, "utf8")).slice(0, mostFileBytes) };
}

async function readTrust({ value, name, directory }: ClusterEntry): Promise<Trust> {
  const serverName = value["tls-server-name"];
  if (value["insecure-skip-tls-verify"] === true) {
    if (value["certificate-authority"] !== undefined || value["certificate-authority-data"] !== undefined)
      throw kubeconfigError(
        `${name}: insecure-skip-tls-verify`,
        "contradicts the issuers that are named. Take one of them out",
      );
    return { serverName, isServerUnverified: true };
  }
  const issuers = await readPem({ name, directory }, "certificate-authority", {
    data: value["certificate-authority-data"],
    file: value["certificate-authority"],
  });
  if (issuers !== undefined) checkCertificate(`${name}: certificate-authority`, issuers);
  return { serverName, certificateAuthorities: issuers };
}

/** A file that is renewed has the newer word than what stands beside it. */
async function readToken(user: UserEntry): Promise<string | undefined> {
  const { token, tokenFile } = user.value;
  if (tokenFile === undefined) return token;
  return (await readNamed(user, "tokenFile", tokenFile)).trim();
}

async function readClientCertificate(user: UserEntry): Promise<Credential["clientCertificate"]> {
  const { value } = user;
  const [certificate, key] = await Promise.all([
    readPem(user, "client-certificate", {
      data: value["client-certificate-data"],
      file: value["client-certificate"],
    }),
    readPem(user, "client-key", { data: value["client-key-data"], file: value["client-key"] }),
  ]);
  if (certificate === undefined && key === undefined) return undefined;
  if (certificate === undefined || key === undefined)
    throw kubeconfigError(
      user.name,
      "has a client-certificate without its client-key, or the other way round",
    );
  checkCertificate(`${user.name}: client-certificate`, certificate);
  return { certificate, key };
}

type Place = Pick<UserEntry, "name" | "directory">;

/** PEM that stands in the file itself counts before that of a file. */
async function readPem(
  place: Place,
  field: string,
  { data, file }: { readonly data: string | undefined; readonly file: string | undefined },
): Promise<string | undefined> {
  if (data !== undefined) {
    const pem = Buffer.from(data, "base64").toString("latin1");
    if (pem.includes("-----BEGIN ")) return pem;
    throw kubeconfigError(`${place.name}: ${field}-data`, "is not PEM in base64");
  }
  return file === undefined ? undefined : readNamed(place, field, file);
}

async function readNamed(place: Place, field: string, file: string): Promise<string> {
  const path = pathIn(place, file);
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw kubeconfigError(`${place.name}: ${field}`, `names the file ${path}, which cannot be read`, error);
  }
}

function checkCertificate(where: string, pem: string): void {
  try {
    new X509Certificate(pem);
  } catch (error) {
    throw kubeconfigError(where, "has no certificate that can be read", error);
  }
}
