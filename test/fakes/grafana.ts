import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { type JsonObject, objectOf } from "./json-read.ts";

/** A server with those parts of Grafana's HTTP API that dashboards need, with tokens of two roles. */
export type FakeGrafana = {
  readonly origin: string;
  /** By uid, as they are stored. */
  readonly dashboards: Map<string, JsonObject>;
  readonly folders: Map<string, JsonObject>;
  readonly dataSources: Map<string, JsonObject>;
  /** `METHOD path` of every request that would change something. */
  readonly changes: string[];
  /** As if a person changed a dashboard in the browser. */
  edit(uid: string, change: JsonObject): void;
  /** Is called before a dashboard is written: a person may be faster. */
  beforeWrite(act: () => void): void;
  /** Of this version from now on; undefined: it keeps that to itself. Default 12.0.2. */
  sayVersion(version: string | undefined): void;
  /** Ends every connection without an answer after that many further requests. */
  failAfter(requests: number): void;
  stop(): Promise<void>;
};

export const grafanaTokens = { admin: "glsa_admin", editor: "glsa_editor", viewer: "glsa_viewer" } as const;

type Answer = { readonly status: number; readonly body: unknown };

export async function startGrafana(): Promise<FakeGrafana> {
  const dashboards = new Map<string, JsonObject>();
  const folders = new Map<string, JsonObject>();
  const dataSources = new Map<string, JsonObject>();
  const changes: string[] = [];
  const stores = { dashboards, folders, dataSources };
  const state: { version: string | undefined; left: number; beforeWrite: () => void } = {
    version: "12.0.2",
    left: Infinity,
    beforeWrite: () => undefined,
  };
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      if (--state.left < 0) return request.socket.destroy();
      if (request.url === "/api/health") {
        const { version } = state;
        response.writeHead(200, { "content-type": "application/json" });
        return response.end(
          JSON.stringify({ database: "ok", ...(version === undefined ? {} : { version }) }),
        );
      }
      if (request.url === "/api/dashboards/db") state.beforeWrite();
      const { status, body: answer } = answerTo(
        request,
        objectOf(body === "" ? {} : JSON.parse(body)),
        stores,
      );
      if (request.method !== "GET" && status < 300) changes.push(`${request.method} ${request.url}`);
      response.writeHead(status, { "content-type": "application/json" });
      return response.end(JSON.stringify(answer));
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    origin: `http://127.0.0.1:${port}`,
    dashboards,
    folders,
    dataSources,
    changes,
    edit(uid, change) {
      const found = dashboards.get(uid);
      if (found === undefined) throw new Error(`there is no dashboard ${uid}`);
      dashboards.set(uid, { ...found, ...change, version: Number(found["version"]) + 1 });
    },
    beforeWrite(act) {
      state.beforeWrite = act;
    },
    sayVersion(version) {
      state.version = version;
    },
    failAfter(requests) {
      state.left = requests;
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

type Stores = Pick<FakeGrafana, "dashboards" | "folders" | "dataSources">;

const notFound: Answer = { status: 404, body: { message: "not found" } };
const refused: Answer = {
  status: 403,
  body: { message: "You'll need additional permissions to perform this action.", title: "Access denied" },
};

function answerTo(request: IncomingMessage, body: JsonObject, stores: Stores): Answer {
  const token = (request.headers.authorization ?? "").replace("Bearer ", "");
  const role = Object.entries(grafanaTokens).find(([, known]) => known === token)?.[0];
  if (role === undefined) return { status: 401, body: { message: "Invalid API key" } };
  const [, , noun = "", ...rest] = (request.url ?? "").split("/").map(decodeURIComponent);
  const isRead = request.method === "GET";
  if (!isRead && role === "viewer") return refused;
  switch (noun) {
    case "org":
      return { status: 200, body: { id: 1, name: "Main Org." } };
    case "folders":
      return isRead ? found(stores.folders.get(rest[0] ?? "")) : make(stores.folders, body);
    case "datasources":
      if (role !== "admin") return refused;
      return isRead ? found(stores.dataSources.get(rest[1] ?? "")) : make(stores.dataSources, body);
    case "dashboards": {
      if (!isRead) return writeDashboard(stores, body);
      const dashboard = stores.dashboards.get(rest[1] ?? "");
      return dashboard === undefined ? notFound : { status: 200, body: { dashboard, meta: {} } };
    }
    default:
      return notFound;
  }
}

function found(stored: JsonObject | undefined): Answer {
  return stored === undefined ? notFound : { status: 200, body: stored };
}

function make(store: Map<string, JsonObject>, body: JsonObject): Answer {
  store.set(String(body["uid"]), body);
  return { status: 200, body };
}

/** As Grafana does: it gives an id, and counts versions. */
function writeDashboard({ dashboards, folders }: Stores, body: JsonObject): Answer {
  const dashboard = objectOf(body["dashboard"]);
  const uid = String(dashboard["uid"]);
  if (!folders.has(String(body["folderUid"]))) return { status: 400, body: { message: "folder not found" } };
  if (uid.length > 40) return { status: 400, body: { message: "uid too long, max 40 characters" } };
  const before = dashboards.get(uid);
  if (before?.["isFromFile"] === true)
    return { status: 400, body: { message: "Cannot save provisioned dashboard" } };
  if (before !== undefined && body["overwrite"] !== true && before["version"] !== dashboard["version"])
    return { status: 412, body: { status: "version-mismatch" } };
  const version = Number(before?.["version"] ?? 0) + 1;
  const id = before?.["id"] ?? dashboards.size + 1;
  dashboards.set(uid, { ...dashboard, id, version });
  return { status: 200, body: { id, uid, version, status: "success" } };
}
