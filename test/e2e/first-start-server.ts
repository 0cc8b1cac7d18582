import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { builtServer } from "./start-platform.ts";

/** The built server as a person starts it: in a folder, with whatever lies there. */
export type StartedServer = {
  readonly url: string;
  /** SIGTERM; settles with the exit code. */
  stop(): Promise<number | null>;
};

export type ServerPlace = {
  /** Where it is started; a `llm-platform.yaml` is looked for here. */
  readonly workingDirectory: string;
  /** The whole environment but for PATH. */
  readonly env: Readonly<Record<string, string>>;
};

/** Starts it on a free port. Rejects with what it wrote when it ends before it takes calls. */
export async function startServerIn({ workingDirectory, env }: ServerPlace): Promise<StartedServer> {
  const child = spawn(process.execPath, [builtServer, "--port", "0"], {
    stdio: ["ignore", "pipe", "pipe"],
    cwd: workingDirectory,
    env: { PATH: process.env["PATH"], LLM_PLATFORM_LOG__FORMAT: "json", ...env },
  });
  const exit = once(child, "exit").then(([code]: (number | null)[]) => code ?? null);
  const started = Promise.withResolvers<string>();
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      lines.push(line);
      const url = line.includes('"platform.started"') ? /"url":"([^"]+)"/.exec(line)?.[1] : undefined;
      if (url !== undefined) started.resolve(url);
    });
  }
  child.once("close", () => started.reject(new Error(`the server ended:\n${lines.join("\n")}`)));
  return {
    url: await started.promise,
    stop: () => {
      child.kill("SIGTERM");
      return exit;
    },
  };
}
