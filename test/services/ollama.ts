import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { findFreePort } from "../../bench/free-port.ts";
import { findService } from "../../tools/services.ts";
import { startChildService } from "./child-service.ts";

/** A real Ollama that keeps its models in a new folder, on the processor only. */
export type Ollama = {
  /** Without a slash at the end. */
  readonly url: string;
  /** Runs its own command line against it. Rejects when the command fails. */
  run(...args: readonly string[]): Promise<void>;
  /** The last of what it wrote. */
  log(): string;
  /** Ends it and its runners, and removes its models. */
  stop(): Promise<void>;
};

/** Where Ollama is; undefined on a machine without it. */
export const ollamaProgram = findService("ollama");

/** @param authority file in PEM of those whose certificates it trusts when it pulls */
export async function startOllama({ authority }: { readonly authority: string }): Promise<Ollama> {
  if (ollamaProgram === undefined) throw new Error("ollama is not installed");
  const program = ollamaProgram;
  const folder = await mkdtemp(join(tmpdir(), "llm-platform-ollama-"));
  const host = `127.0.0.1:${await findFreePort()}`;
  const env = {
    PATH: process.env["PATH"],
    HOME: folder,
    OLLAMA_HOST: host,
    OLLAMA_MODELS: join(folder, "models"),
    OLLAMA_LOAD_TIMEOUT: "2m",
    SSL_CERT_FILE: authority,
    CUDA_VISIBLE_DEVICES: "",
  };
  const url = `http://${host}`;
  const service = await startChildService(program, ["serve"], { url, readyPath: "/api/version", env });
  return {
    url,
    async run(...args) {
      await promisify(execFile)(program, args, { env, cwd: folder });
    },
    log: service.log,
    async stop() {
      await service.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
