import { dirname, join, resolve } from "node:path";
import { PlatformError, type Problem } from "@llm-platform/kit";
import { refuseOpenBind } from "./bind-guard.ts";
import { type ConfigFile, isTree, parseConfigFile } from "./config-file.ts";
import { withDefaultIntegrations } from "./default-integrations.ts";
import { applyEnvironment, type MutableTree } from "./env-settings.ts";
import { admitKeys } from "./file-twins.ts";
import { parseFlags } from "./flags.ts";
import { resolveReferences, toProblem } from "./references.ts";
import { configSchema, type PlatformConfig } from "./schema.ts";
import { settingTree } from "./setting-tree.ts";
import type { Surroundings } from "./surroundings.ts";
import { findMissingTls } from "./tls-settings.ts";

/** Where a value comes from; each one wins over those after it. */
export type Origin = "flag" | "env" | "file" | "default";

export interface LoadedConfig {
  readonly config: PlatformConfig;
  /** By dotted path. A list is one value; what is not named here is a default. */
  readonly origins: ReadonlyMap<string, Origin>;
  /** What a person should know, though the server can start. */
  readonly warnings: readonly string[];
  /** The file that was read, if there was one. */
  readonly file: string | undefined;
  /** Folder of that file, else the working directory. */
  readonly baseDirectory: string;
}

const defaultFileName = "llm-platform.yaml";

/**
 * Puts the configuration together from flags, environment, file and defaults.
 * @throws PlatformError `config_invalid` with every problem at once
 */
export function loadConfig(around: Surroundings): LoadedConfig {
  const loading = new Loading(around);
  return loading.load();
}

/** One loading. It gathers problems and origins on its way. */
class Loading {
  readonly #around: Surroundings;
  readonly #problems: Problem[] = [];
  readonly #origins = new Map<string, Origin>();
  /** Names in the environment, and flags, by the path that they set. */
  readonly #sources = new Map<string, string>();
  readonly #root = settingTree();
  #file: ConfigFile | undefined;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  load(): LoadedConfig {
    const flags = parseFlags(this.#around.argv, this.#problems);
    this.#file = this.#readFile(flags.configFile);
    const tree = this.#fileTree();
    this.#applyEnvironment(tree);
    for (const { path, flag, text } of flags.values) this.#applyFlag(tree, { path, flag, text });
    tree["data_dir"] ??= defaultDataDirectory(this.#around);
    const config = this.#check(tree);
    const path = this.#file?.path;
    return {
      config,
      origins: this.#origins,
      warnings: warningsFor(config),
      file: path,
      baseDirectory: path === undefined ? this.#around.workingDirectory : dirname(path),
    };
  }

  #readFile(flag: string | undefined): ConfigFile | undefined {
    const { env, workingDirectory, readFile } = this.#around;
    const named = flag ?? (env["LLM_PLATFORM_CONFIG"] || undefined);
    const path = resolve(workingDirectory, named ?? defaultFileName);
    let text: string;
    try {
      text = readFile(path);
    } catch (error) {
      const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
      if (named === undefined && isMissing) return undefined;
      this.#problems.push({
        field: path,
        message: isMissing ? "there is no such configuration file" : "the configuration file cannot be read",
      });
      return undefined;
    }
    return parseConfigFile(path, text, this.#problems);
  }

  #fileTree(): MutableTree {
    if (this.#file === undefined) return {};
    const parts = {
      around: this.#around,
      report: (path: readonly PropertyKey[], message: string) => this.#report(path, message),
    };
    const resolved = resolveReferences(this.#file.tree, [], parts);
    const admitted = admitKeys(resolved, this.#root, { path: [], parts });
    this.#noteOrigins(admitted, []);
    return isTree(admitted) ? { ...admitted } : {};
  }

  #noteOrigins(value: unknown, path: readonly string[]): void {
    if (isTree(value))
      for (const [key, member] of Object.entries(value)) this.#noteOrigins(member, [...path, key]);
    else this.#origins.set(path.join("."), "file");
  }

  #applyEnvironment(tree: MutableTree): void {
    applyEnvironment({
      around: this.#around,
      root: this.#root,
      tree,
      onTaken: (path, name) => this.#noteSource(path, { origin: "env", name }),
      report: (field, message) => void this.#problems.push({ field, message }),
    });
  }

  #applyFlag(
    tree: MutableTree,
    { path, flag, text }: { readonly path: readonly string[]; readonly flag: string; readonly text: string },
  ): void {
    const [section = "", key] = path;
    const isNumber = (key === "port" || key === "workers") && /^\d+$/.test(text);
    const value = isNumber ? Number(text) : text;
    const inner = tree[section];
    tree[section] = key === undefined ? value : { ...(isTree(inner) ? inner : {}), [key]: value };
    this.#noteSource(path, { origin: "flag", name: flag });
  }

  #noteSource(
    path: readonly PropertyKey[],
    { origin, name }: { readonly origin: Origin; readonly name: string },
  ): void {
    const key = path.map(String).join(".");
    this.#origins.set(key, origin);
    this.#sources.set(key, name);
  }

  #check(tree: MutableTree): PlatformConfig {
    const parsed = configSchema.safeParse(tree);
    for (const issue of parsed.error?.issues ?? []) this.#report(issue.path, issue.message);
    const refusal = parsed.success ? refuseOpenBind(parsed.data) : undefined;
    if (refusal !== undefined) this.#report(["server", "host"], refusal);
    if (parsed.data?.server.fast_lane === false && parsed.data.server.workers !== 0)
      this.#report(["server", "workers"], "needs server.fast_lane, which is what workers serve");
    if (parsed.data?.server.tls.cert_file !== undefined && parsed.data.server.workers !== 0)
      this.#report(
        ["server", "workers"],
        "cannot be used with server.tls: let a proxy in front speak TLS, or go without workers",
      );
    const missing = parsed.success ? findMissingTls(parsed.data.server.tls) : undefined;
    if (missing !== undefined) this.#report(missing.path, missing.message);
    if (this.#problems.length > 0 || !parsed.success) throw invalid(this.#problems);
    const { data_dir, integrations } = parsed.data;
    return {
      ...parsed.data,
      data_dir: resolve(this.#around.workingDirectory, data_dir),
      integrations: [...withDefaultIntegrations(integrations, this.#around)],
    };
  }

  /** Names the place, and where a person finds it: the name in the environment, the flag, or the line of the file. */
  #report(path: readonly PropertyKey[], message: string): void {
    const source = this.#sources.get(path.map(String).join("."));
    const line = this.#file?.lineOf(path);
    const place = source ?? (line === undefined ? undefined : `${this.#file?.path}:${line}`);
    this.#problems.push(toProblem(path, place === undefined ? message : `${message} (${place})`));
  }
}

/** Where people's programs keep their data on this platform. */
export function defaultDataDirectory({
  env,
  platform,
  homeDirectory,
}: Pick<Surroundings, "env" | "platform" | "homeDirectory">): string {
  const name = "llm-platform";
  if (platform === "darwin") return join(homeDirectory, "Library", "Application Support", name);
  if (platform === "win32") return join(env["LOCALAPPDATA"] || join(homeDirectory, "AppData", "Local"), name);
  return join(env["XDG_DATA_HOME"] || join(homeDirectory, ".local", "share"), name);
}

function invalid(problems: readonly Problem[]): PlatformError {
  const list = problems.map(({ field, message }) => `\n  ${field}: ${message}`).join("");
  const count = problems.length === 1 ? "a problem" : `${problems.length} problems`;
  return new PlatformError("config_invalid", `The configuration has ${count}:${list}`, { problems });
}

/** An address alone does not say that everything is to be sent there: other programs read the same variable. */
function warningsFor({ opentelemetry }: PlatformConfig): readonly string[] {
  if (opentelemetry.enabled || opentelemetry.endpoint === undefined) return [];
  return [
    "OTEL_EXPORTER_OTLP_ENDPOINT (opentelemetry.endpoint) is set, but OPENTELEMETRY_ENABLED is not: nothing is sent there",
  ];
}
