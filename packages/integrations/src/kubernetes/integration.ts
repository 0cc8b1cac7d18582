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
import { toStartError } from "../start-error.ts";
import { type ClusterAccess, openClusterAccess, readServerAddress } from "./cluster-access.ts";
import { readEndpoints, toServers } from "./endpoint-slice.ts";
import { type KubernetesSettings, kubernetesSettings } from "./settings.ts";
import { createSliceWatch } from "./watch.ts";

const startAdvice =
  "Check the address of the cluster in api_url or in the kubeconfig; within a pod the default is right.";
const slicesPath = "/apis/discovery.k8s.io/v1";

/** Model servers that run in a Kubernetes cluster, found by the labels of their services. */
export const kubernetesIntegration = defineIntegration<KubernetesSettings>({
  contract: 1,
  id: "kubernetes",
  type: "service",
  summary:
    "Finds model servers in a Kubernetes cluster (vLLM, Ollama, TGI, llama.cpp, KServe), and follows them.",
  settings: kubernetesSettings,
  addresses: async (settings) => [await readServerAddress(settings)],
  start,
});

async function start(context: IntegrationContext<KubernetesSettings>): Promise<RunningIntegration> {
  const { settings, log } = context;
  const access = await openClusterAccess(context);
  if (access.trust.isServerUnverified === true)
    log.warn("kubernetes.server_unverified", { server: access.server });
  const { origin, prefix } = parseServerAddress(access.server);
  const client = createClusterClient(context, access);
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

/** Shows a credential with each call. One that is refused is made anew, once: it may have been taken back before its time. */
function createClusterClient(
  context: IntegrationContext<KubernetesSettings>,
  access: ClusterAccess,
): ControlClient {
  return createControlClient({
    origin: parseServerAddress(access.server).origin,
    headers: { accept: "application/json" },
    fetch: async (url, options) => {
      const send = async () => {
        const { token, clientCertificate } = await access.credential(options?.signal ?? context.signal);
        const headers = {
          ...options?.headers,
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        };
        return context.fetch(url, { ...options, ...access.trust, headers, clientCertificate });
      };
      const response = await send();
      if (response.status !== 401) return response;
      await response.body?.cancel();
      access.forget();
      return send();
    },
  });
}
