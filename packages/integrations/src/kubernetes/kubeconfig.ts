import { dirname, resolve } from "node:path";
import { PlatformError } from "@llm-platform/kit";
import { parseDocument } from "yaml";
import { z } from "zod";

const text = z.string().min(1);

const clusterSchema = z.looseObject({
  server: z.string().regex(/^https?:\/\/[^\s?#]+$/, "must be an http:// or https:// address"),
  "certificate-authority": text.optional(),
  "certificate-authority-data": text.optional(),
  "insecure-skip-tls-verify": z.boolean().optional(),
  "tls-server-name": text.optional(),
  "proxy-url": z.undefined("is not supported. Reach the cluster without a proxy").optional(),
});

const execSchema = z.looseObject({
  apiVersion: z.enum(
    ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"],
    "must be client.authentication.k8s.io/v1",
  ),
  command: text,
  args: z.array(z.string()).nullish(),
  env: z.array(z.object({ name: text, value: z.string() })).nullish(),
  provideClusterInfo: z.boolean().optional(),
  interactiveMode: z
    .enum(["Never", "IfAvailable"], "must be Never or IfAvailable: nobody is there to be asked")
    .optional(),
});

const noLogin = "is not supported. Use a token, a client certificate or exec";
const noOther = "is not supported. Use an account of its own rather than acting as another";
const userSchema = z.looseObject({
  token: text.optional(),
  tokenFile: text.optional(),
  "client-certificate": text.optional(),
  "client-certificate-data": text.optional(),
  "client-key": text.optional(),
  "client-key-data": text.optional(),
  exec: execSchema.optional(),
  "auth-provider": z.undefined(noLogin).optional(),
  username: z.undefined(noLogin).optional(),
  password: z.undefined(noLogin).optional(),
  as: z.undefined(noOther).optional(),
  "as-uid": z.undefined(noOther).optional(),
  "as-groups": z.undefined(noOther).optional(),
  "as-user-extra": z.undefined(noOther).optional(),
});

/** Of what is listed, only what the chosen context names is looked into. */
const named = z.array(z.looseObject({ name: z.string() })).nullish();
const fileSchema = z.looseObject({
  "current-context": z.string().nullish(),
  contexts: named,
  clusters: named,
  users: named,
});

export type KubeCluster = z.output<typeof clusterSchema>;
export type KubeUser = z.output<typeof userSchema>;
export type KubeExec = z.output<typeof execSchema>;

/** A value of a kubeconfig, and what to call it in a message. Paths in it begin at `directory`. */
interface Entry<Value> {
  readonly value: Value;
  readonly name: string;
  readonly directory: string;
}

export type ClusterEntry = Entry<KubeCluster>;
export type UserEntry = Entry<KubeUser>;

export interface KubeContext {
  readonly cluster: ClusterEntry;
  readonly user: UserEntry;
}

export interface KubeconfigFile {
  readonly path: string;
  readonly text: string;
}

/** What a kubeconfig is refused with. @param where within it, e.g. `user "ann": token` */
export function kubeconfigError(where: string, problem: string, cause?: unknown): PlatformError {
  return new PlatformError("config_invalid", `kubeconfig: ${where} ${problem}.`, {
    field: "kubeconfig",
    cause,
  });
}

/**
 * The cluster and the user of one context, `current-context` where none is named. Of several files the first that has a name
 * counts, as for kubectl.
 * @throws PlatformError `config_invalid` that names the file, the entry and the field
 */
export function chooseContext(files: readonly KubeconfigFile[], wanted: string | undefined): KubeContext {
  const parsed = files.map((file) => ({ ...file, tree: parseFile(file) }));
  const current = parsed.map(({ tree }) => tree["current-context"]).find((name) => name);
  const name = wanted ?? current;
  if (name === undefined || name === null)
    throw kubeconfigError("current-context", "is not set. Name a context in the setting context");
  const contextSchema = z.looseObject({ cluster: text, user: text });
  const { value } = find({ parsed, list: "contexts", key: "context", name }, contextSchema);
  return {
    cluster: find({ parsed, list: "clusters", key: "cluster", name: value.cluster }, clusterSchema),
    user: find({ parsed, list: "users", key: "user", name: value.user }, userSchema),
  };
}

interface ParsedFile {
  readonly path: string;
  readonly tree: z.output<typeof fileSchema>;
}

interface Search {
  readonly parsed: readonly ParsedFile[];
  readonly list: "contexts" | "clusters" | "users";
  readonly key: "context" | "cluster" | "user";
  readonly name: string;
}

function find<Value>({ parsed, list, key, name }: Search, schema: z.ZodType<Value>): Entry<Value> {
  const title = `${key} "${name}"`;
  for (const { path, tree } of parsed) {
    const entry = tree[list]?.find((each) => each.name === name);
    if (entry === undefined) continue;
    const result = schema.safeParse(entry[key] ?? {});
    if (result.success) return { value: result.data, name: title, directory: dirname(path) };
    const [issue] = result.error.issues;
    const field = issue?.path.join(".") ?? "";
    throw kubeconfigError(`${path}: ${title}: ${field}`.trim(), issue?.message ?? "is not valid");
  }
  const known = parsed.flatMap(({ tree }) => (tree[list] ?? []).map((each) => each.name));
  throw kubeconfigError(title, `is not there; there are: ${known.join(", ") || "none"}`);
}

function parseFile({ path, text: source }: KubeconfigFile): z.output<typeof fileSchema> {
  const document = parseDocument(source);
  const [problem] = document.errors;
  // The library's own message quotes the line, which may hold a token.
  if (problem !== undefined)
    throw kubeconfigError(path, `is not YAML, at line ${problem.linePos?.[0].line ?? 1}`);
  const result = fileSchema.safeParse(document.toJS({ maxAliasCount: 100 }) ?? {});
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw kubeconfigError(`${path}: ${issue?.path.join(".") ?? ""}`, issue?.message ?? "is not valid");
}

/** A path of an entry, from the folder of its file. */
export function pathIn({ directory }: Pick<Entry<unknown>, "directory">, path: string): string {
  return resolve(directory, path);
}
