import { writeSync } from "node:fs";
import { FormatProblem } from "../formats/format-problem.ts";
import { inspectPath } from "../formats/inspect-folder.ts";
import type { ToolMessage, ToolRequest } from "./tool-messages.ts";

// Entry of the process that reads model files: it may read one path, and does one thing. See model-tool-process.ts.

function tell(message: ToolMessage): void {
  writeSync(1, `${JSON.stringify(message)}\n`);
}

async function run(request: ToolRequest): Promise<void> {
  tell({ type: "verdict", verdict: await inspectPath(request.path) });
}

try {
  // Written by the parent alone.
  const request: ToolRequest = JSON.parse(process.argv[2] ?? "");
  await run(request);
} catch (error) {
  if (!(error instanceof FormatProblem)) throw error;
  tell({ type: "problem", kind: error.kind, message: error.message });
}
