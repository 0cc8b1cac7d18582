import { type Json, type JsonObject, isJsonObject } from "@llm-platform/kit";
import type { ModelDirectory } from "../../gateway/model-directory.ts";
import type { RequestHead } from "../../wire/request-scan.ts";
import type { ChosenCall, InferenceEndpoint, UnchosenRequest } from "../inference.ts";
import { embeddingsSurface, generateSurface } from "./dialect.ts";
import { nameCandidates } from "./model-wire.ts";

/** A request to bring a model into memory, or to let go of it: one that asks it nothing. */
export interface Residence {
  /** The name as it was asked for. */
  readonly model: string;
  readonly isUnload: boolean;
  /** What it is answered, in the words of its endpoint. */
  answer(reason: "load" | "unload", createdAt: string): JsonObject;
}

/** A body that asks nothing is short. */
const longestResidence = 16 * 1024;

/** What is to become of a request of `/api/chat`, `/api/generate`, `/api/embed`. */
export interface CallChooser {
  /** The same request as it is called: by a name that there is, in the dialect that fits the model's server. */
  choose(request: Pick<UnchosenRequest, "head" | "body">): ChosenCall;
  /** Undefined for a request that asks something. */
  residence(request: Pick<UnchosenRequest, "head" | "body">): Residence | undefined;
}

export function createCallChooser(
  directory: ModelDirectory,
  endpoint: Pick<InferenceEndpoint, "operation" | "surface">,
): CallChooser {
  const { operation, surface } = endpoint;

  /** Whether every server that may answer is Ollama's own: bytes pass there, and it knows itself what it can. */
  function isOllamas(model: string): boolean {
    const { routes, targets } = directory.snapshot;
    const route = routes.get(model);
    if (route === undefined) return false;
    const ids = [...route.targets.map(({ id }) => id), ...route.fallbacks];
    return ids.every((id) => targets.get(id)?.platform?.dialectFor(operation) === surface.dialect);
  }

  function named(head: RequestHead): RequestHead {
    const { routes } = directory.snapshot;
    const known = nameCandidates(head.model).find((name) => routes.has(name));
    return known === undefined || known === head.model ? head : { ...head, model: known };
  }

  return {
    choose({ head, body }) {
      const call = { head: named(head), operation, surface };
      if (operation !== "completion" || isOllamas(call.head.model) || isRaw(body)) return call;
      return { ...call, operation: "chat", surface: generateSurface };
    },
    residence({ head, body }) {
      if (body.length > longestResidence || isOllamas(named(head).model)) return undefined;
      const asked = parse(body);
      const answer = emptyAnswer(endpoint, asked);
      return answer === undefined
        ? undefined
        : { model: head.model, isUnload: isNow(asked.keep_alive), answer };
    },
  };
}

/** The answer to no question; undefined where there is one. */
function emptyAnswer(
  { operation, surface }: Pick<InferenceEndpoint, "operation" | "surface">,
  asked: JsonObject,
): Residence["answer"] | undefined {
  const { model = "" } = asked;
  if (surface === embeddingsSurface) return isEmpty(asked.prompt) ? () => ({ embedding: [] }) : undefined;
  switch (operation) {
    case "chat":
      return isEmpty(asked.messages)
        ? (reason, created_at) => ({
            model,
            created_at,
            message: { role: "assistant", content: "" },
            done_reason: reason,
            done: true,
          })
        : undefined;
    case "completion":
      return isEmpty(asked.prompt)
        ? (reason, created_at) => ({ model, created_at, response: "", done: true, done_reason: reason })
        : undefined;
    case "embedding":
      return isEmpty(asked.input) ? () => ({ model, embeddings: [] }) : undefined;
  }
}

function isEmpty(value: Json | undefined): boolean {
  return (
    value === undefined || value === null || value === "" || (Array.isArray(value) && value.length === 0)
  );
}

/** `0`, `"0"`, `"0s"`: the model is to leave the memory now. */
function isNow(keepAlive: Json | undefined): boolean {
  return keepAlive === 0 || (typeof keepAlive === "string" && /^0+(?:ns|us|ms|s|m|h)?$/.test(keepAlive));
}

/** A prompt that is not a turn of a chat. */
function isRaw(body: Buffer): boolean {
  if (!body.includes('"raw"') && !body.includes('"suffix"')) return false;
  const { raw, suffix } = parse(body);
  return raw === true || (typeof suffix === "string" && suffix !== "");
}

function parse(body: Buffer): JsonObject {
  try {
    const value: Json = JSON.parse(body.toString("utf8"));
    return isJsonObject(value) ? value : {};
  } catch {
    // The call itself says what is wrong with its body.
    return {};
  }
}
