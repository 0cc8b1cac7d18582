import { generateKeyPairSync } from "node:crypto";
import { accessSync, constants } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { once } from "node:events";
import { Agent, request } from "node:https";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { text as textOf } from "node:stream/consumers";
import { findFreePort } from "../../bench/free-port.ts";
import { makeCertificate } from "../../packages/server/src/wire/certificate.test-data.ts";
import { startChildService, type ChildService } from "./child-service.ts";

/** An answer of the cluster's API. */
export type ClusterAnswer = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
};

/** A kube-apiserver on an etcd, without anything that acts on what it holds. */
export type Cluster = {
  readonly url: string;
  /** The issuers of its certificate, in PEM. */
  readonly authority: string;
  /** A certificate of a user by that name. */
  certificateOf(user: string): { readonly cert: string; readonly key: string };
  /** Asks as somebody who may do everything, or with that token. */
  ask(path: string, question?: ClusterQuestion): Promise<ClusterAnswer>;
  /** The same without reading the body. */
  open(path: string, question?: ClusterQuestion): Promise<IncomingMessage>;
  /** Forgets every version of everything but the newest. */
  compact(): Promise<void>;
  /** Ends the API as if its machine were gone. */
  kill(): Promise<void>;
  /** Starts the API again, at the same address. */
  restart(): Promise<void>;
  stop(): Promise<void>;
};

export type ClusterQuestion = {
  readonly method?: string;
  readonly body?: object;
  /** In place of the admin's; empty for none. */
  readonly token?: string;
  readonly signal?: AbortSignal;
};

/** `KUBE_APISERVER` names it; etcd is looked for in the `PATH`. Undefined where one of the two is not there. */
export const kubeApiserver = findPrograms();

function findPrograms(): { readonly apiserver: string; readonly etcd: string } | undefined {
  const apiserver = process.env["KUBE_APISERVER"];
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const etcd = folders.map((folder) => join(folder, "etcd")).find(isExecutable);
  return apiserver === undefined || etcd === undefined ? undefined : { apiserver, etcd };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const adminToken = "token-of-the-admin";
const startLimitMs = 120_000;

export async function startCluster(): Promise<Cluster> {
  if (kubeApiserver === undefined) throw new Error("kube-apiserver or etcd is not installed");
  const { apiserver, etcd } = kubeApiserver;
  const folder = await mkdtemp(join(tmpdir(), "llm-platform-cluster-"));
  const inFolder = (name: string) => join(folder, name);
  const authority = makeCertificate({ subject: "authority" });
  const own = makeCertificate({ subject: "kube-apiserver", issuer: authority });
  const accounts = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  const pem = (key: typeof accounts.privateKey) => key.export({ type: "pkcs8", format: "pem" });
  await Promise.all([
    writeFile(inFolder("authority.crt"), authority.cert),
    writeFile(inFolder("own.crt"), own.cert),
    writeFile(inFolder("own.key"), own.key),
    writeFile(inFolder("accounts.key"), pem(accounts.privateKey)),
    writeFile(inFolder("tokens.csv"), `${adminToken},admin,admin,"system:masters"\n`),
  ]);
  const [storePort, peerPort, port] = [await findFreePort(), await findFreePort(), await findFreePort()];
  const storeUrl = `http://127.0.0.1:${storePort}`;
  const store = await startChildService(
    etcd,
    [
      `--data-dir=${inFolder("etcd")}`,
      `--listen-client-urls=${storeUrl}`,
      `--advertise-client-urls=${storeUrl}`,
      `--listen-peer-urls=http://127.0.0.1:${peerPort}`,
      "--unsafe-no-fsync",
    ],
    { url: storeUrl, readyPath: "/health" },
  );
  const url = `https://127.0.0.1:${port}`;
  const agent = new Agent({ ca: authority.cert });
  async function open(path: string, question: ClusterQuestion = {}): Promise<IncomingMessage> {
    const { body, method = body === undefined ? "GET" : "POST", token = adminToken, signal } = question;
    const headers = {
      accept: "application/json",
      ...(token === "" ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    };
    const sent = request(`${url}${path}`, {
      agent,
      method,
      headers,
      ...(signal === undefined ? {} : { signal }),
    });
    sent.end(body === undefined ? undefined : JSON.stringify(body));
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    return response;
  }

  const look = (address: string) =>
    open(new URL(address).pathname).then(
      (response) => response.resume().statusCode ?? 0,
      () => 0,
    );
  const startApi = () =>
    startChildService(
      apiserver,
      [
        `--etcd-servers=${storeUrl}`,
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        `--secure-port=${port}`,
        `--cert-dir=${folder}`,
        `--tls-cert-file=${inFolder("own.crt")}`,
        `--tls-private-key-file=${inFolder("own.key")}`,
        `--client-ca-file=${inFolder("authority.crt")}`,
        `--token-auth-file=${inFolder("tokens.csv")}`,
        "--authorization-mode=RBAC",
        "--service-account-issuer=https://kubernetes.default.svc",
        `--service-account-key-file=${inFolder("accounts.key")}`,
        `--service-account-signing-key-file=${inFolder("accounts.key")}`,
        "--service-cluster-ip-range=10.96.0.0/16",
        // What is old is forgotten when a test says so.
        "--etcd-compaction-interval=0",
      ],
      { url, readyPath: "/readyz", startLimitMs, look },
    );
  const state: { api: ChildService } = { api: await startApi() };

  return {
    url,
    authority: authority.cert,
    certificateOf: (user) => makeCertificate({ subject: user, issuer: authority }),
    open,
    async ask(path, question) {
      const response = await open(path, question);
      return { status: response.statusCode ?? 0, headers: response.headers, text: await textOf(response) };
    },
    async compact() {
      const post = async (path: string, body: object): Promise<unknown> =>
        (await fetch(`${storeUrl}/v3/kv/${path}`, { method: "POST", body: JSON.stringify(body) })).json();
      const answer = JSON.stringify(await post("range", { key: Buffer.from("x").toString("base64") }));
      const [, revision = ""] = /"revision":"(\d+)"/.exec(answer) ?? [];
      await post("compaction", { revision, physical: true });
    },
    kill: () => state.api.stop(),
    async restart() {
      state.api = await startApi();
    },
    async stop() {
      await state.api.stop();
      await store.stop();
      agent.destroy();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
