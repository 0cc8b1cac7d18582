import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";

export interface HttpServer {
  readonly port: number;
  /** Also ends what is still open. */
  stop(): void;
}

/** Answers on a loopback port in the process of the bench, which is enough for what is asked little. */
export async function startHttpServer(answer: RequestListener): Promise<HttpServer> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return {
    port: address.port,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}
