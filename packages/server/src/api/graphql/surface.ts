import type { Feed } from "../../control/feed.ts";
import type { ModelCaller } from "../model-caller.ts";
import type { OpenSurface } from "../surface-integration.ts";
import type { CallerParts } from "./graph-caller.ts";
import { GraphServer, type GraphServerParts } from "./graph-server.ts";
import { graphMount } from "./mount.ts";
import { type GraphiqlPage, renderGraphiqlPage } from "./graphiql-page.ts";
import { handleHttp } from "./http-handler.ts";
import { type PersistedSettings, readPersistedOperations } from "./persisted-operations.ts";
import { createGraphSchema } from "./schema.ts";
import { createSocketServer } from "./socket-server.ts";

export interface GraphSurfaceParts extends CallerParts, Omit<GraphServerParts, "schema"> {
  readonly feeds: readonly Feed[];
  readonly modelCaller: ModelCaller;
  readonly persisted: PersistedSettings;
}

const { path, routes } = graphMount;

/** The graph at `/graphql`: over HTTP, as a stream of results, and over WebSockets. Rejects with PlatformError `config_invalid`. */
export async function openGraphSurface(parts: GraphSurfaceParts): Promise<OpenSurface> {
  const persisted = await readPersistedOperations(parts.persisted);
  const server = new GraphServer({ ...parts, schema: createGraphSchema(parts) });
  const sockets = createSocketServer({ ...parts, server, persisted });
  const stopping = new AbortController();
  const kept: { page?: Promise<GraphiqlPage> } = {};
  const handlerParts = {
    ...parts,
    server,
    persisted,
    page: () => (kept.page ??= renderGraphiqlPage(path)),
    stopping: stopping.signal,
  };
  return {
    mount: {
      routes,
      paths: new Map([
        [path, (request, response, peer) => void handleHttp(handlerParts, { request, response, peer })],
      ]),
      upgrades: new Map([[path, sockets.upgrade]]),
    },
    async close() {
      stopping.abort();
      sockets.close();
    },
  };
}
