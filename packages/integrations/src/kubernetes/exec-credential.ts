import { isAbsolute } from "node:path";
import type { ClientCertificate, CredentialProgram } from "@llm-platform/kit";
import { z } from "zod";
import { type ClusterEntry, kubeconfigError, type KubeExec, pathIn, type UserEntry } from "./kubeconfig.ts";

/** What a call shows of its caller. */
export interface Credential {
  readonly token?: string | undefined;
  readonly clientCertificate?: ClientCertificate | undefined;
}

/** Programs that make credentials (client.authentication.k8s.io), and what they made until it expires. */
export interface ExecCredentials {
  /** Rejects with PlatformError: what `run` rejects with, or `config_invalid` for an answer that is none. */
  get(exec: KubeExec, entries: ExecEntries, signal: AbortSignal): Promise<Credential>;
  /** The next call runs the program again. */
  forget(): void;
}

interface ExecEntries {
  readonly user: UserEntry;
  readonly cluster: ClusterEntry;
}

/** A call that is on its way must arrive before the end. */
const marginMs = 10_000;

const answerSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.literal("ExecCredential"),
  status: z.looseObject({
    token: z.string().min(1).optional(),
    clientCertificateData: z.string().min(1).optional(),
    clientKeyData: z.string().min(1).optional(),
    expirationTimestamp: z.iso.datetime({ offset: true }).optional(),
  }),
});

interface ExecCredentialParts {
  /** Runs a program, and gives what it printed. */
  run(program: CredentialProgram, signal: AbortSignal): Promise<string>;
  /** Wall time in milliseconds. */
  nowMs(): number;
}

export function createExecCredentials({ run, nowMs }: ExecCredentialParts): ExecCredentials {
  const state: { held: { key: string; untilMs: number; credential: Credential } | undefined } = {
    held: undefined,
  };
  return {
    async get(exec, entries, signal) {
      const key = JSON.stringify(exec);
      const { held } = state;
      if (held !== undefined && held.key === key && nowMs() < held.untilMs) return held.credential;
      const made = readAnswer(await run(toProgram(exec, entries), signal), exec, entries.user.name);
      state.held = { key, ...made };
      return made.credential;
    },
    forget() {
      state.held = undefined;
    },
  };
}

function toProgram(exec: KubeExec, { user, cluster }: ExecEntries): CredentialProgram {
  const { command, args, env } = exec;
  const isPath = command.includes("/") || command.includes("\\");
  return {
    command: isPath && !isAbsolute(command) ? pathIn(user, command) : command,
    arguments: args ?? [],
    environment: {
      ...Object.fromEntries((env ?? []).map(({ name, value }) => [name, value])),
      KUBERNETES_EXEC_INFO: JSON.stringify({
        apiVersion: exec.apiVersion,
        kind: "ExecCredential",
        spec: {
          interactive: false,
          ...(exec.provideClusterInfo === true ? { cluster: toClusterInfo(cluster) } : {}),
        },
      }),
    },
  };
}

function toClusterInfo({ value }: ClusterEntry): object {
  return {
    server: value.server,
    "tls-server-name": value["tls-server-name"],
    "insecure-skip-tls-verify": value["insecure-skip-tls-verify"],
    "certificate-authority-data": value["certificate-authority-data"],
  };
}

function readAnswer(
  printed: string,
  { apiVersion, command }: KubeExec,
  user: string,
): { readonly untilMs: number; readonly credential: Credential } {
  const refuse = (problem: string) => kubeconfigError(`${user}: exec.command ${command}`, problem);
  const result = answerSchema.safeParse(parseJson(printed));
  if (!result.success) throw refuse("printed no ExecCredential");
  const { status } = result.data;
  if (result.data.apiVersion !== apiVersion)
    throw refuse(`answered as ${result.data.apiVersion}, not as ${apiVersion}`);
  const { token, clientCertificateData: certificate, clientKeyData: key, expirationTimestamp } = status;
  if ((certificate === undefined) !== (key === undefined))
    throw refuse("gave a certificate without its key, or a key without its certificate");
  if (token === undefined && certificate === undefined)
    throw refuse("gave neither a token nor a certificate");
  return {
    untilMs: expirationTimestamp === undefined ? Infinity : Date.parse(expirationTimestamp) - marginMs,
    credential: {
      token,
      clientCertificate: certificate === undefined || key === undefined ? undefined : { certificate, key },
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // What is not JSON is no answer, which the caller says.
    return undefined;
  }
}
