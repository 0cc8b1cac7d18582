import {
  arrayAt,
  type FoundServer,
  isJsonObject,
  type JsonObject,
  objectAt,
  textAt,
} from "@llm-platform/kit";

/** A server behind a service, as an EndpointSlice tells of it. */
export interface Endpoint {
  readonly namespace: string;
  readonly service: string;
  /** The name of its pod, or its address where there is none. */
  readonly pod: string;
  readonly origin: string;
  readonly isOllama: boolean;
}

/** Ports that model servers give their API, before whatever else a service has. */
const portNames = ["http", "api", "openai", "http1", "web"];

/** What identifies a slice: two of one name may be in two namespaces. */
export function sliceKey(slice: JsonObject): string {
  const metadata = objectAt(slice, "metadata");
  return `${textAt(metadata, "namespace") ?? ""}/${textAt(metadata, "name") ?? ""}`;
}

/**
 * The endpoints of a slice (`discovery.k8s.io/v1`) that take calls. A slice has the labels of its service. An endpoint that
 * does not say whether it is ready is (the API's own words).
 */
export function readEndpoints(slice: JsonObject): readonly Endpoint[] {
  const metadata = objectAt(slice, "metadata");
  const labels = objectAt(metadata, "labels");
  const service = textAt(labels, "kubernetes.io/service-name");
  const namespace = textAt(metadata, "namespace");
  const port = choosePort(arrayAt(slice, "ports").filter(isJsonObject));
  if (service === undefined || namespace === undefined || port === undefined) return [];
  if (slice["addressType"] !== "IPv4" && slice["addressType"] !== "IPv6") return [];
  const kind = `${textAt(labels, "app.kubernetes.io/name") ?? ""} ${textAt(port, "name") ?? ""}`;
  const scheme = port["appProtocol"] === "https" ? "https" : "http";
  return arrayAt(slice, "endpoints")
    .filter(isJsonObject)
    .filter((endpoint) => objectAt(endpoint, "conditions")["ready"] !== false)
    .flatMap((endpoint): readonly Endpoint[] => {
      // Only the first address counts: the others are of no defined use.
      const [address] = arrayAt(endpoint, "addresses");
      if (typeof address !== "string") return [];
      const host = slice["addressType"] === "IPv6" ? `[${address}]` : address;
      const origin = `${scheme}://${host}:${String(port["port"])}`;
      const pod = textAt(objectAt(endpoint, "targetRef"), "name") ?? `${service}-${address}`;
      return [{ namespace, service, pod, origin, isOllama: /\bollama\b/.test(kind) }];
    });
}

/**
 * What the host is to run for endpoints. Of one pod's addresses the same counts whatever came first: one of IPv4 before one of
 * IPv6, then the first by its text.
 */
export function toServers(
  endpoints: readonly Endpoint[],
  { prefix, apiKey }: { readonly prefix: string; readonly apiKey: string | undefined },
): readonly FoundServer[] {
  const servers = new Map<string, FoundServer>();
  for (const { namespace, pod, origin, isOllama } of endpoints.toSorted(byAddress)) {
    const name = toName(`${prefix}.${namespace}.${pod}`);
    if (servers.has(name)) continue;
    servers.set(name, {
      name,
      use: isOllama ? "ollama" : "openai-compatible",
      settings: {
        base_url: isOllama ? origin : `${origin}/v1`,
        ...(apiKey === undefined ? {} : { api_key: apiKey }),
      },
    });
  }
  return [...servers.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function byAddress(one: Endpoint, other: Endpoint): number {
  const rank = ({ origin }: Endpoint) => Number(origin.includes("["));
  return rank(one) - rank(other) || (one.origin < other.origin ? -1 : Number(one.origin > other.origin));
}

const longestName = 128;

/** The end of a pod's name tells it from the others. */
function toName(text: string): string {
  const name = text.replaceAll(/[^A-Za-z0-9._-]/g, "-");
  return name.length <= longestName
    ? name
    : `${name.slice(0, longestName / 2)}${name.slice(-longestName / 2)}`;
}

function choosePort(ports: readonly JsonObject[]): JsonObject | undefined {
  const usable = ports.filter(
    (each) => typeof each["port"] === "number" && (textAt(each, "protocol") ?? "TCP") === "TCP",
  );
  const named = portNames.map((name) => usable.find((each) => textAt(each, "name") === name));
  return named.find((each) => each !== undefined) ?? usable[0];
}
