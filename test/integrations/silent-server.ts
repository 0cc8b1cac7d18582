import { once } from "node:events";
import { createServer } from "node:net";

/** A server that takes connections and never says a word. */
export interface SilentServer {
  readonly origin: string;
  stop(): void;
}

export async function createSilentServer(): Promise<SilentServer> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return { origin: `http://127.0.0.1:${port}`, stop: () => void server.close() };
}
