import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { benchModel } from "./contestants/contestant.ts";
import { findFreePort } from "./free-port.ts";
import { type HttpServer, startHttpServer } from "./http-server.ts";
import { loadCore } from "./load.ts";
import type { PinnedProcess, Processes } from "./processes.ts";
import { isOk, waitUntil } from "./ready.ts";

export interface UpstreamInput {
  /** Path of the built upstream. */
  readonly program: string;
  /** Takes its log. */
  readonly folder: string;
  /** Beside the port. */
  readonly flags?: readonly (string | number)[];
}

/** Starts the upstream of a run beside the load. Resolves when it answers. */
export async function startUpstream(
  processes: Processes,
  { program, folder, flags = [] }: UpstreamInput,
): Promise<{ readonly port: number; readonly process: PinnedProcess }> {
  const port = await findFreePort();
  const started = processes.start({
    name: "the upstream",
    cores: [loadCore],
    command: [program, "--port", String(port), ...flags.map(String)],
    logFile: join(folder, "upstream.log"),
  });
  await waitUntil(started, () => isOk(`http://127.0.0.1:${port}/v1/models`, { mustContain: benchModel }));
  return { port, process: started };
}

/** An upstream in the process of the bench, where what it answers matters more than how fast. */
export function startScriptedUpstream(answerChat: (response: ServerResponse) => void): Promise<HttpServer> {
  return startHttpServer((request, response) => {
    request.resume();
    if (request.method !== "GET") {
      answerChat(response);
      return;
    }
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ object: "list", data: [{ id: benchModel, object: "model" }] }));
  });
}
