import { statSync, writeSync } from "node:fs";
import { convertGgml } from "../convert/convert-ggml.ts";
import { convertFolder } from "../convert/convert-folder.ts";
import { FormatProblem } from "../formats/format-problem.ts";
import { inspectPath } from "../formats/inspect-folder.ts";
import type { ToolMessage, ToolRequest } from "./tool-messages.ts";

// Entry of the process that reads model files: it may read one path, and does one thing. See model-tool-process.ts.

function tell(message: ToolMessage): void {
  writeSync(1, `${JSON.stringify(message)}\n`);
}

/** Tells how far it is, a hundred times at most. */
function createProgressReport(): (bytes: number, totalBytes: number) => void {
  let completedBytes = 0;
  let toldBytes = 0;
  return (bytes, totalBytes) => {
    completedBytes += bytes;
    if (completedBytes - toldBytes < totalBytes / 100) return;
    toldBytes = completedBytes;
    tell({ type: "progress", completedBytes, totalBytes });
  };
}

async function run(request: ToolRequest): Promise<void> {
  if (request.type === "inspect") {
    tell({ type: "verdict", verdict: await inspectPath(request.path) });
    return;
  }
  const convert = statSync(request.path).isDirectory() ? convertFolder : convertGgml;
  const converted = convert(request, createProgressReport());
  tell({ type: "converted", ...converted });
}

try {
  // Written by the parent alone.
  const request: ToolRequest = JSON.parse(process.argv[2] ?? "");
  await run(request);
} catch (error) {
  if (!(error instanceof FormatProblem)) throw error;
  tell({ type: "problem", kind: error.kind, message: error.message });
}
