import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { TLSSocket } from "node:tls";

/** A slice of a service's endpoints, as a test writes it. */
export type FakeSlice = {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly port: number;
  /** Of each endpoint the name of its pod, and whether it is ready. Their address is 127.0.0.1. */
  readonly pods: Readonly<Record<string, boolean>>;
};

/** What it wants from its callers. */
export const clusterToken = "token-of-the-service-account";

/**
 * The part of a cluster's API that lists and watches EndpointSlices, as kube-apiserver speaks it: lists in pages with a
 * version, watches from a version as lines of events, bookmarks, and 410 for a version that it has forgotten.
 */
export type FakeKubernetes = {
  readonly origin: string;
  /** Lists, and watches, that were asked for so far. */
  readonly lists: number;
  readonly watches: number;
  put(slice: FakeSlice): void;
  remove(namespace: string, name: string): void;
  /** Ends every watch, as the API does in time. */
  endWatches(): void;
  /** Forgets what was before: watches end, and one from an old version is told 410, by status or by an event. */
  forget(how: "status" | "event"): void;
  /** Refuses every request with that status from now on, or those of one selector, or no more. */
  refuse(status: number | undefined, selector?: string): void;
  /** Refuses further pages of so many lists. */
  refusePages(count: number): void;
  /** Takes every version for a forgotten one from now on, also that of a list just given, or no more. */
  forgetAll(isForgotten: boolean): void;
  /** Takes that token and no other from now on. */
  expectToken(token: string): void;
  stop(): Promise<void>;
};

type Change = {
  readonly version: number;
  readonly type: string;
  readonly slice: object;
  readonly labels: FakeSlice["labels"];
};
type Watcher = { readonly selector: string; readonly response: ServerResponse };

/** How the cluster's API is to be. */
export type FakeKubernetesWishes = {
  /** Makes it an https server, that takes callers whose certificate its `ca` has signed. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca: string };
};

/** Slices in a page at most, whatever the client asks for. */
const pageSize = 1;

export async function startFakeKubernetes({ tls }: FakeKubernetesWishes = {}): Promise<FakeKubernetes> {
  const slices = new Map<string, FakeSlice & { readonly version: number }>();
  const changes: Change[] = [];
  const watchers = new Set<Watcher>();
  const state = { version: 100, oldest: 100, lists: 0, watches: 0, refusal: 0, forgetting: "status" };
  const refused: { selector: string | undefined } = { selector: undefined };
  const faults = { pages: 0, isForgotten: false };
  const wanted = { token: clusterToken };

  const answer = (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? "/", "http://fake");
    const status = statusFor(request, url);
    if (status !== 200) return void response.writeHead(status, json).end(JSON.stringify(toStatus(status)));
    const selector = url.searchParams.get("labelSelector") ?? "";
    if (url.searchParams.get("watch") === "1")
      watch(selector, Number(url.searchParams.get("resourceVersion")), response);
    else list(selector, url.searchParams.get("continue"), response);
  };
  const server =
    tls === undefined
      ? createServer(answer)
      : createTlsServer({ ...tls, requestCert: true, rejectUnauthorized: false }, answer);

  function statusFor({ headers, method, socket }: IncomingMessage, { pathname, searchParams }: URL): number {
    const isMeant = refused.selector === undefined || searchParams.get("labelSelector") === refused.selector;
    if (state.refusal !== 0 && isMeant) return state.refusal;
    if (faults.pages > 0 && searchParams.has("continue")) {
      faults.pages -= 1;
      return 500;
    }
    const isKnown = socket instanceof TLSSocket && socket.authorized;
    if (!isKnown && headers.authorization !== `Bearer ${wanted.token}`) return 401;
    return method === "GET" && pathname === "/apis/discovery.k8s.io/v1/endpointslices" ? 200 : 404;
  }

  function list(selector: string, from: string | null, response: ServerResponse): void {
    state.lists += 1;
    const fitting = [...slices.values()].filter(({ labels }) => fits(labels, selector));
    const start = Number(from ?? 0);
    const rest = fitting.length > start + pageSize ? { continue: String(start + pageSize) } : {};
    response.writeHead(200, json).end(
      JSON.stringify({
        kind: "EndpointSliceList",
        apiVersion: "discovery.k8s.io/v1",
        metadata: { resourceVersion: String(state.version), ...rest },
        // In a list the kind is told once.
        items: fitting.slice(start, start + pageSize).map((each) => {
          const { kind: _kind, apiVersion: _version, ...item } = toSlice(each, each.version);
          return item;
        }),
      }),
    );
  }

  function watch(selector: string, from: number, response: ServerResponse): void {
    state.watches += 1;
    if (faults.isForgotten || from < state.oldest) {
      if (state.forgetting === "status")
        return void response.writeHead(410, json).end(JSON.stringify(toStatus(410)));
      response.writeHead(200, json);
      return void response.end(`${JSON.stringify({ type: "ERROR", object: toStatus(410) })}\n`);
    }
    const watcher = { selector, response };
    watchers.add(watcher);
    response.once("close", () => watchers.delete(watcher));
    response.writeHead(200, json).flushHeaders();
    for (const change of changes) if (change.version > from) tell(watcher, change);
    const bookmark = toSlice({ name: "", namespace: "", labels: {}, port: 0, pods: {} }, state.version);
    response.write(`${JSON.stringify({ type: "BOOKMARK", object: bookmark })}\n`);
  }

  function change(type: string, slice: FakeSlice): void {
    const made = {
      version: ++state.version,
      type,
      slice: toSlice(slice, state.version),
      labels: slice.labels,
    };
    changes.push(made);
    for (const watcher of watchers) tell(watcher, made);
  }

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const endWatches = () => {
    for (const { response } of watchers) response.end();
    watchers.clear();
  };
  return {
    origin: `${tls === undefined ? "http" : "https"}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get lists() {
      return state.lists;
    },
    get watches() {
      return state.watches;
    },
    put(slice) {
      const key = `${slice.namespace}/${slice.name}`;
      change(slices.has(key) ? "MODIFIED" : "ADDED", slice);
      slices.set(key, { ...slice, version: state.version });
    },
    remove(namespace, name) {
      const slice = slices.get(`${namespace}/${name}`);
      if (slice === undefined) throw new Error(`there is no slice ${namespace}/${name}`);
      slices.delete(`${namespace}/${name}`);
      change("DELETED", slice);
    },
    endWatches,
    forget(how) {
      changes.length = 0;
      state.oldest = ++state.version;
      state.forgetting = how;
      endWatches();
    },
    refuse(status, selector) {
      state.refusal = status ?? 0;
      refused.selector = selector;
      endWatches();
    },
    refusePages(count) {
      faults.pages = count;
    },
    forgetAll(isForgotten) {
      faults.isForgotten = isForgotten;
      endWatches();
    },
    expectToken(token) {
      wanted.token = token;
      endWatches();
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

const json = { "cache-control": "no-cache, private", "content-type": "application/json" };

function tell({ selector, response }: Watcher, { type, slice, labels }: Change): void {
  if (fits(labels, selector)) response.write(`${JSON.stringify({ type, object: slice })}\n`);
}

/** `key`, `key=value` and `key in (a,b)`. */
function fits(labels: FakeSlice["labels"], selector: string): boolean {
  const [, key = "", values] = /^([^\s=]+)(?:\s*=\s*|\s+in\s+\()?([^)]*)\)?$/.exec(selector) ?? [];
  const value = labels[key];
  return value !== undefined && (values === undefined || values === "" || values.split(",").includes(value));
}

function toSlice({ name, namespace, labels, port, pods }: FakeSlice, version: number) {
  return {
    kind: "EndpointSlice",
    apiVersion: "discovery.k8s.io/v1",
    metadata: {
      name,
      namespace,
      resourceVersion: String(version),
      labels: { ...labels, "kubernetes.io/service-name": name.replace(/-\w+$/, "") },
    },
    addressType: "IPv4",
    endpoints: Object.entries(pods).map(([pod, ready]) => ({
      addresses: ["127.0.0.1"],
      conditions: { ready, serving: ready, terminating: false },
      targetRef: { kind: "Pod", namespace, name: pod },
    })),
    ports: [
      { name: "metrics", protocol: "TCP", port: 1 },
      { name: "http", protocol: "TCP", port },
    ],
  };
}

const refusals: Readonly<Record<number, readonly [reason: string, message: string]>> = {
  401: ["Unauthorized", "Unauthorized"],
  404: ["NotFound", "the server could not find the requested resource"],
  410: ["Expired", "too old resource version: 1 (200)"],
};

/** As kube-apiserver 1.31 writes it. */
function toStatus(code: number): object {
  const [reason, message] = refusals[code] ?? ["InternalError", `status ${code} of the fake`];
  return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, reason, code };
}
