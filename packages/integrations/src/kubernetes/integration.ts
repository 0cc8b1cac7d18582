import { readFile } from "node:fs/promises";
import {
  defineIntegration,
  type Health,
  type IntegrationContext,
  PlatformError,
  type RunningIntegration,
} from "@llm-platform/kit";
import { type ControlClient, createControlClient } from "../control-client.ts";
import { healthOfFailure } from "../probe-health.ts";
import { parseServerAddress } from "../server-address.ts";
import { withServerTrust } from "../server-trust.ts";
import { toStartError } from "../start-error.ts";
import { readEndpoints, toServers } from "./endpoint-slice.ts";
import { type KubernetesSettings, kubernetesSettings } from "./settings.ts";
import { createSliceWatch } from "./watch.ts";

const startAdvice = "Check that api_url is right; within a pod its default is.";
const slicesPath = "/apis/discovery.k8s.io/v1";

/** Model servers that run in a Kubernetes cluster, found by the labels of their services. */
export const kubernetesIntegration = defineIntegration<KubernetesSettings>({
  contract: 1,
  id: "kubernetes",
  type: "service",
  summary:
    "Finds model servers in a Kubernetes cluster (vLLM, Ollama, TGI, llama.cpp, KServe), and follows them.",
  settings: kubernetesSettings,
  start,
});

async function start(given: IntegrationContext<KubernetesSettings>): Promise<RunningIntegration> {
  const context = await withServerTrust(given);
  const { settings, log } = context;
  const { origin, prefix } = parseServerAddress(settings.api_url);
  const client = createAccountClient(context, origin);
  const stopping = new AbortController();
  const list = () =>
    toServers(
      watches.flatMap(({ slices }) => [...slices.values()].flatMap(readEndpoints)),
      { prefix: context.name, apiKey: settings.api_key?.reveal() },
    );
  const told = { key: "" };
  const tell = () => {
    const key = JSON.stringify(list());
    if (key === told.key) return;
    told.key = key;
    context.emit("servers.changed", { servers: list().length });
  };
  const paths = settings.namespaces?.map((each) => `/namespaces/${each}`) ?? [""];
  const watches = paths.flatMap((path) =>
    settings.selectors.map((selector) =>
      createSliceWatch({
        client,
        path: `${prefix}${slicesPath}${path}/endpointslices`,
        selector,
        log,
        onChanged: tell,
      }),
    ),
  );
  try {
    await Promise.all(watches.map((watch) => watch.list(context.signal)));
  } catch (error) {
    throw toStartError(error, { origin, advice: startAdvice, signal: context.signal });
  }
  const following = watches.map((watch) => watch.follow(stopping.signal));
  return {
    discovery: { servers: list },
    async health(): Promise<Health> {
      const failed = watches.find(({ problem }) => problem !== undefined)?.problem;
      if (failed === undefined) return { status: "ok" };
      if (failed instanceof PlatformError && failed.code === "upstream_auth")
        return { status: "auth_required", detail: failed.message };
      return { ...healthOfFailure(failed, origin), status: "degraded" };
    },
    async stop() {
      stopping.abort();
      await Promise.all(following);
    },
  };
}

/** Reads the token anew for each call: the cluster replaces it every hour. */
function createAccountClient(context: IntegrationContext<KubernetesSettings>, origin: string): ControlClient {
  const { token, token_file } = context.settings;
  return createControlClient({
    origin,
    headers: { accept: "application/json" },
    fetch: async (url, options) => {
      const authorization = `Bearer ${token?.reveal() ?? (await readToken(token_file))}`;
      return context.fetch(url, { ...options, headers: { ...options?.headers, authorization } });
    },
  });
}

async function readToken(file: string): Promise<string> {
  try {
    return (await readFile(file, "utf8")).trim();
  } catch (cause) {
    throw new PlatformError(
      "config_invalid",
      `token_file: the file ${file} cannot be read. Outside of a pod, set token or token_file.`,
      { field: "token_file", cause },
    );
  }
}
