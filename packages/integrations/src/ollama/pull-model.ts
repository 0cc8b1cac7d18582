import {
  countAt,
  createLineSplitter,
  isJsonObject,
  type Json,
  type JsonObject,
  PlatformError,
  type PullOptions,
  type PullProgress,
  textAt,
} from "@llm-platform/kit";
import { type ControlClient, expectSuccess } from "../control-client.ts";
import { toReplyError } from "./reply-error.ts";

const maxLineBytes = 64 * 1024;

interface Pull {
  readonly path: string;
  readonly model: string;
  readonly options: PullOptions;
}

/**
 * Brings a model to the server, step by step, until it is there.
 * Rejects with PlatformError: `model_not_found`, `insufficient_storage`, `upstream_error`,
 * `upstream_incomplete` when the server fell silent before the end; or with the signal's reason.
 */
export async function pullModel(client: ControlClient, { path, model, options }: Pull): Promise<void> {
  const { signal } = options;
  const response = await client.open({
    path,
    body: { model, stream: true },
    signal,
    deadlineMs: 0,
  });
  const lines = createLineSplitter(maxLineBytes);
  let isDone = false;

  function readLines(texts: readonly string[]): void {
    for (const text of texts) {
      if (text.trim() === "") continue;
      const progress = toProgress(parseLine(text));
      isDone ||= progress.phase === "success";
      options.onProgress(progress);
    }
  }

  if (!response.ok) {
    await response.body?.cancel();
    if (response.status === 404)
      throw new PlatformError("model_not_found", "Ollama's library does not have this model.");
    expectSuccess(response, "a pull");
  }
  for await (const chunk of response.body ?? []) readLines(lines.push(chunk));
  readLines([lines.rest()]);
  if (!isDone)
    throw new PlatformError("upstream_incomplete", "Ollama ended the pull before the model was there.");
}

function toProgress(line: JsonObject): PullProgress {
  if (typeof line.error === "string") throw toReplyError(line.error);
  const file = textAt(line, "digest");
  const completedBytes = countAt(line, "completed");
  const totalBytes = countAt(line, "total");
  return {
    // Each download has its own phase, named after the start of the digest; the file says which it is.
    phase: file === undefined ? (textAt(line, "status") ?? "working") : "pulling",
    ...(file === undefined ? {} : { file }),
    ...(completedBytes === undefined ? {} : { completedBytes }),
    ...(totalBytes === undefined ? {} : { totalBytes }),
  };
}

function parseLine(text: string): JsonObject {
  let value: Json | undefined;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new PlatformError("upstream_malformed", "Ollama reported the pull in a form that is not JSON.", {
      cause,
    });
  }
  if (isJsonObject(value)) return value;
  throw new PlatformError("upstream_malformed", "Ollama reported the pull in a form that is not understood.");
}
