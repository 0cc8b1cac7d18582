import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";

/** What a test server was asked. */
export interface TestRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What it says; `hang` takes the request and never answers. */
export type TestAnswer =
  | "hang"
  | {
      /** Default 200. */
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
      /** Default empty. A value that is no text is sent as JSON. */
      readonly body?: unknown;
    };

/** A server on the loopback that stands in for what an integration connects to. */
export interface TestServer {
  /** Its address, without a slash at the end. */
  readonly url: string;
  /** What it was asked so far, oldest first. */
  readonly requests: readonly TestRequest[];
  /** Says something else from now on. */
  answer(answer: TestAnswer | ((request: TestRequest) => TestAnswer)): void;
  /** Ends it and every connection to it. */
  stop(): Promise<void>;
}

/** Starts a server on a free port. It answers every request alike, or as a function decides. */
export async function createTestServer(
  first: TestAnswer | ((request: TestRequest) => TestAnswer) = {},
): Promise<TestServer> {
  let current = first;
  const requests: TestRequest[] = [];
  const server = createServer((message, response) => {
    void read(message).then((request) => {
      requests.push(request);
      send(typeof current === "function" ? current(request) : current, response);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const closed = once(server, "close");
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`,
    requests,
    answer(answer) {
      current = answer;
    },
    async stop() {
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function read(message: IncomingMessage): Promise<TestRequest> {
  const { method = "", url = "", headers } = message;
  return { method, path: url, headers, body: await text(message) };
}

function send(answer: TestAnswer, response: ServerResponse): void {
  if (answer === "hang") return;
  const { status = 200, headers = {}, body = "" } = answer;
  response.writeHead(status, headers).end(typeof body === "string" ? body : JSON.stringify(body));
}
