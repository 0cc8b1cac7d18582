import { spawn } from "node:child_process";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { PlatformError } from "@llm-platform/kit";
import { type ToolMessage, type ToolRequest, toolMessageSchema } from "./model-tool/tool-messages.ts";

/** Limits of one run. */
export interface ToolLimits {
  /** Aborted when nobody waits for the result. */
  readonly signal: AbortSignal;
  /** After that the process is killed. */
  readonly timeoutMs: number;
  onProgress?(completedBytes: number, totalBytes: number): void;
}

/** How a run ended: with its last message, or without one. */
export type ToolEnd =
  | Exclude<ToolMessage, { type: "progress" }>
  | { readonly type: "killed"; readonly reason: "time" | "died"; readonly detail: string };

/** Of its JavaScript heap; a head of 100 MB in JSON takes about a third. What it reads of tensors is outside of it, and small. */
const maxHeapMb = 768;
const maxErrorCharacters = 2_000;

/**
 * Runs the reader of model files in a process of its own, which may read one path (and write one file), start nothing,
 * load no native code and see no environment. It is killed when its time is over or the signal aborts.
 *
 * @throws PlatformError `invalid_request` for a path that cannot be handed over, `client_cancelled` after an abort
 */
export async function runModelTool(request: ToolRequest, limits: ToolLimits): Promise<ToolEnd> {
  const { signal, timeoutMs } = limits;
  if (signal.aborted) throw cancelled();
  const child = spawn(process.execPath, [...toolFlags(request), toolEntry(), JSON.stringify(request)], {
    env: {},
    cwd: dirname(toolEntry()),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const kill = (): void => void child.kill("SIGKILL");
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    kill();
  }, timeoutMs);
  signal.addEventListener("abort", kill, { once: true });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors = `${errors}${text}`.slice(-maxErrorCharacters);
  });
  const { promise: exited, resolve, reject } = Promise.withResolvers<void>();
  child.once("error", reject);
  child.once("exit", () => resolve());
  try {
    let end: ToolEnd | undefined;
    for await (const line of createInterface({ input: child.stdout })) {
      const message = toolMessageSchema.parse(JSON.parse(line));
      if (message.type === "progress") limits.onProgress?.(message.completedBytes, message.totalBytes);
      else end = message;
    }
    await exited;
    if (signal.aborted) throw cancelled();
    return end ?? { type: "killed", reason: isLate ? "time" : "died", detail: errors };
  } finally {
    kill();
    clearTimeout(timer);
    signal.removeEventListener("abort", kill);
  }
}

function toolFlags(request: ToolRequest): readonly string[] {
  const paths = [request.path, ...(request.type === "convert" ? [request.target] : [])];
  // In these flags `*` stands for anything.
  if (paths.some((path) => path.includes("*")))
    throw new PlatformError("invalid_request", "A path with '*' in it cannot be read. Rename the file.", {
      field: "path",
    });
  return [
    "--permission",
    `--allow-fs-read=${dirname(fileURLToPath(import.meta.url))}`,
    `--allow-fs-read=${request.path}`,
    ...(request.type === "convert" ? [`--allow-fs-write=${request.target}`] : []),
    `--max-old-space-size=${maxHeapMb}`,
    "--disable-warning=ExperimentalWarning",
  ];
}

/** The entry stands next to this file with the same ending: `.ts` in development, `.js` when built. */
function toolEntry(): string {
  const ending = import.meta.url.slice(import.meta.url.lastIndexOf("."));
  return fileURLToPath(new URL(`./model-tool/main${ending}`, import.meta.url));
}

function cancelled(): PlatformError {
  return new PlatformError("client_cancelled", "The work on the model file was given up.");
}
