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
        title: `the selector ${selector}${path === "" ? "" : ` in ${path.slice(1)}`}`,
        selector,
        log,
        onChanged: tell,
      }),
    ),
  );
  const lists = await Promise.allSettled(watches.map((watch) => watch.list(context.signal)));
  const refusals = lists.flatMap((each): unknown[] => (each.status === "rejected" ? [each.reason] : []));
  // What some of them find is served while the others are tried again; without any there is nothing to serve.
  if (refusals.length === watches.length || (refusals.length > 0 && context.signal.aborted))
    throw toStartError(refusals[0], { origin, advice: startAdvice, signal: context.signal });
  const following = watches.map((watch) => watch.follow(stopping.signal));
  return {
    discovery: { servers: list },
    async health(): Promise<Health> {
      const failed = watches.filter(({ problem }) => problem !== undefined);
      const [first] = failed;
      if (first === undefined) return { status: "ok" };
      const { problem } = first;
      const isRefused = problem instanceof PlatformError && problem.code === "upstream_auth";
      const hasAnswered = problem instanceof PlatformError && problem.upstreamStatus !== undefined;
      const { detail = "" } = hasAnswered ? { detail: problem.message } : healthOfFailure(problem, origin);
      if (failed.length === watches.length)
        return { status: isRefused ? "auth_required" : "degraded", detail };
      const which = failed.map(({ title }) => title).join(" and ");
      return {
        status: "degraded",
        detail: `Nothing new is known of ${which}; the others are followed. ${detail}`,
      };
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
