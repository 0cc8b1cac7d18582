import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { PlatformError } from "@llm-platform/kit";
import { answer } from "./answer.ts";
import type { RequestHandler } from "./inference.ts";

/** A port that serves `/metrics` and nothing else. */
export interface MetricsPort {
  readonly address: AddressInfo;
  close(): Promise<void>;
}

/** Prometheus asks every few seconds on a kept connection; nobody needs many. */
const mostConnections = 64;
const requestLimitMs = 30_000;

/** Opens it. Rejects with PlatformError `unavailable` when the address cannot be listened on. */
export async function openMetricsPort(
  { host, port }: { readonly host: string; readonly port: number },
  handler: RequestHandler,
): Promise<MetricsPort> {
  const server = createServer({ requestTimeout: requestLimitMs }, (request, response) => {
    const [path] = (request.url ?? "").split("?");
    if (path === "/metrics") handler(request, response, request.socket.remoteAddress ?? "");
    else answer(response, new PlatformError("not_found", "There is nothing at this path but /metrics."));
  });
  server.maxConnections = mostConnections;
  return {
    address: await new Promise<AddressInfo>((resolve, reject) => {
      server.once("error", (cause) =>
        reject(
          new PlatformError(
            "unavailable",
            `Cannot listen on ${host} port ${port} for /metrics: choose another address for prometheus.listen.`,
            { cause },
          ),
        ),
      );
      server.listen({ host, port }, () => {
        const address = server.address();
        if (address !== null && typeof address === "object") resolve(address);
      });
    }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
