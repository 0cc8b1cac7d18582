import type { CallOptions } from "./call-options.ts";
import { ClientError } from "./client-error.ts";
import { readEventData } from "./event-stream.ts";

/** How far a model file can be trusted. */
export interface ModelVerdict {
  /** weights_only, suspicious or refused. */
  readonly verdict: string;
  /** What it is by its bytes. */
  readonly format: string;
  readonly reasons: readonly string[];
}

/** The verdict on a file or a folder of the server's machine. */
export interface PathVerdict extends ModelVerdict {
  /** The files of a folder, the worst first. */
  readonly files: readonly (ModelVerdict & { readonly name: string })[];
}

/** What is to be made a model, on the server's machine. */
export interface ModelOrder {
  readonly path: string;
  readonly name?: string | undefined;
  /** source, f32, f16, bf16, q8_0, q5_0, q4_k or q4_0; for conversions only. */
  readonly numbers?: string | undefined;
}

/** A model that was brought in. */
export interface BroughtModel {
  readonly model: string;
  readonly integration: string;
  readonly size_bytes: number;
  readonly verdict: string;
  readonly reasons: readonly string[];
  readonly warnings: readonly string[];
}

/** How far the work on a model is. */
export interface ModelProgress {
  readonly phase: string;
  readonly completed_bytes: number;
  readonly total_bytes: number;
}

/** The calls that are about model files. */
export interface ModelFileCalls {
  /** How far a file or folder of the server's machine can be trusted. */
  inspectModelFile(path: string): Promise<PathVerdict>;
  convertModel(order: ModelOrder, onProgress: (progress: ModelProgress) => void): Promise<BroughtModel>;
  importModel(order: ModelOrder, onProgress: (progress: ModelProgress) => void): Promise<BroughtModel>;
}

interface ModelFileCallParts {
  call<Output>(path: string, options?: CallOptions): Promise<Output>;
  send(path: string, options: CallOptions): Promise<Response>;
}

type WorkEvent =
  | ({ readonly type: "progress" } & ModelProgress)
  | ({ readonly type: "done" } & BroughtModel)
  | { readonly type: "error"; readonly code: string; readonly message: string };

export function createModelFileCalls({ call, send }: ModelFileCallParts): ModelFileCalls {
  const work = async (
    path: string,
    order: ModelOrder,
    onProgress: (progress: ModelProgress) => void,
  ): Promise<BroughtModel> => {
    const response = await send(path, { method: "POST", body: order, accept: "text/event-stream" });
    const requestId = response.headers.get("x-request-id") ?? undefined;
    for await (const data of readEventData(response.body ?? emptyBody())) {
      // Our own server's wire; what it sends is proved by its tests.
      const event = JSON.parse(data) as WorkEvent;
      if (event.type === "progress") onProgress(event);
      else if (event.type === "error")
        throw new ClientError("failed", event.message, { code: event.code, requestId });
      else return toBroughtModel(event);
    }
    throw new ClientError(
      "unavailable",
      "The connection to the server was lost, and the work was given up.",
      { requestId },
    );
  };
  return {
    inspectModelFile: (path) => call(`/api/v1/models/inspect?path=${encodeURIComponent(path)}`),
    convertModel: (order, onProgress) => work("/api/v1/models/convert", order, onProgress),
    importModel: (order, onProgress) => work("/api/v1/models/import", order, onProgress),
  };
}

function toBroughtModel({ type: _type, ...model }: { readonly type: "done" } & BroughtModel): BroughtModel {
  return model;
}

async function* emptyBody(): AsyncGenerator<Uint8Array> {
  // A response without a body has no events.
}
