import { join } from "node:path";
import type { ConfiguredIntegration } from "./schema.ts";
import type { Surroundings } from "./surroundings.ts";

const defaultOllamaUrl = "http://127.0.0.1:11434";
const ollamaPort = "11434";

/** The integrations that are there without being listed. An entry of the same name takes the place of one. */
export function withDefaultIntegrations(
  listed: readonly ConfiguredIntegration[],
  { env, homeDirectory }: Pick<Surroundings, "env" | "homeDirectory">,
): readonly ConfiguredIntegration[] {
  const defaults = [
    defaultEntry("huggingface", hubSettings(env)),
    defaultEntry("local", {}),
    defaultEntry("ollama", { base_url: ollamaUrl(env) }),
  ];
  const isListed = (name: string) => listed.some((entry) => entry.name === name);
  const merged = listed.map((entry) => {
    const base = defaults.find(({ name, use }) => name === entry.name && use === entry.use);
    if (base !== undefined) return { ...entry, settings: { ...base.settings, ...entry.settings } };
    return entry.use === "kubernetes" && !namesCluster(entry.settings) && isOutsideOfCluster(env)
      ? { ...entry, settings: { kubeconfig: kubeconfigPath(env, homeDirectory), ...entry.settings } }
      : entry;
  });
  return [...defaults.filter(({ name }) => !isListed(name)), ...merged];
}

function defaultEntry(name: string, settings: Readonly<Record<string, unknown>>): ConfiguredIntegration {
  return {
    name,
    use: name,
    enabled: true,
    priority: 100,
    dependencies: [],
    settings,
    health_check_interval: 60,
    retry_config: { max_retries: 3, backoff_factor: 2, max_backoff: 300 },
  };
}

/** The Hub as its own programs find it. */
function hubSettings(env: Surroundings["env"]): Readonly<Record<string, unknown>> {
  const endpoint = env["HF_ENDPOINT"] ?? "";
  return {
    ...(endpoint === "" ? {} : { endpoint }),
    ...(/^(?:1|on|yes|true)$/i.test(env["HF_HUB_OFFLINE"] ?? "") ? { offline: true } : {}),
  };
}

/** Where Ollama listens by its own `OLLAMA_HOST`, which may lack scheme and port, and may be an address to bind to. */
function ollamaUrl(env: Surroundings["env"]): string {
  const host = env["OLLAMA_HOST"] ?? "";
  if (host === "") return defaultOllamaUrl;
  const hasScheme = host.includes("://");
  const url = URL.parse(hasScheme ? host : `http://${host}`);
  if (url === null || url.hostname === "") return defaultOllamaUrl;
  const hostname =
    url.hostname === "0.0.0.0" ? "127.0.0.1" : url.hostname === "[::]" ? "[::1]" : url.hostname;
  // Ollama itself takes the scheme's port where a scheme is written, and its own where none is.
  const port = url.port !== "" ? url.port : hasScheme ? "" : ollamaPort;
  return `${url.protocol}//${hostname}${port === "" ? "" : `:${port}`}${url.pathname.replace(/\/$/, "")}`;
}

function namesCluster(settings: ConfiguredIntegration["settings"]): boolean {
  return ["kubeconfig", "api_url", "token", "token_file", "tls"].some((name) => name in settings);
}

/** Kubernetes tells every pod of it where its API is. */
function isOutsideOfCluster(env: Surroundings["env"]): boolean {
  return (env["KUBERNETES_SERVICE_HOST"] ?? "") === "";
}

/** Where kubectl looks. */
function kubeconfigPath(env: Surroundings["env"], homeDirectory: string): string {
  return env["KUBECONFIG"] || join(homeDirectory, ".kube", "config");
}
