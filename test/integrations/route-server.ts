import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";

/** An answer by itself, or by what was sent. */
export type Route = RouteAnswer | ((body: unknown) => RouteAnswer);

export interface RouteAnswer {
  /** Default 200. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A text goes out as it is, pieces of text one after the other, anything else as JSON. */
  readonly body?: unknown;
  /** Leaves the answer open after its body. */
  readonly staysOpen?: boolean;
}

export interface SeenRequest {
  /** Method and path, e.g. `GET /v1/models`. */
  readonly line: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

/** A real server with an answer per method and path; everything else is 404. */
export interface RouteServer extends AsyncDisposable {
  readonly origin: string;
  readonly seen: readonly SeenRequest[];
  /** May be changed at any time. */
  readonly routes: Record<string, Route>;
  /** Settles when the client gave up an answer that stays open. */
  readonly abandoned: Promise<void>;
}

export async function createRouteServer(routes: Record<string, Route>): Promise<RouteServer> {
  const seen: SeenRequest[] = [];
  const abandoned = Promise.withResolvers<void>();
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    const body: unknown = text === "" ? undefined : JSON.parse(text);
    const line = `${request.method} ${request.url}`;
    seen.push({ line, headers: request.headers, body });
    const route = routes[line] ?? { status: 404, body: { error: "not found" } };
    const answer = typeof route === "function" ? route(body) : route;
    response.writeHead(answer.status ?? 200, answer.headers);
    if (answer.staysOpen === true) response.on("close", () => abandoned.resolve());
    for (const piece of Array.isArray(answer.body) ? answer.body : [answer.body ?? ""]) {
      response.write(typeof piece === "string" ? piece : JSON.stringify(piece));
    }
    if (answer.staysOpen !== true) response.end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    origin: `http://127.0.0.1:${port}`,
    seen,
    routes,
    abandoned: abandoned.promise,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
