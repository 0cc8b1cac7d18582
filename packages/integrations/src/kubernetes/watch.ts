import {
  arrayAt,
  createLineSplitter,
  isJsonObject,
  type Json,
  type JsonObject,
  type Log,
  objectAt,
  PlatformError,
  textAt,
} from "@llm-platform/kit";
import { type ControlAnswer, type ControlClient, expectObject } from "../control-client.ts";
import { expectSlices } from "./cluster-refusal.ts";
import { sliceKey } from "./endpoint-slice.ts";

interface SliceWatchParts {
  readonly client: ControlClient;
  /** Path of the slices, of all namespaces or of one. */
  readonly path: string;
  readonly selector: string;
  /** What it is called in sentences. */
  readonly title: string;
  readonly log: Log;
  /** The slices are others than before. */
  onChanged(): void;
}

/** The slices of one selector, as the cluster has them. */
export interface SliceWatch {
  readonly title: string;
  readonly slices: ReadonlyMap<string, JsonObject>;
  /** Why they are not followed at the moment; undefined while they are. */
  readonly problem: unknown;
  /** Reads all of them. Throws PlatformError, which is the problem then. */
  list(signal: AbortSignal): Promise<void>;
  /** Follows them from there until the signal aborts. */
  follow(signal: AbortSignal): Promise<void>;
}

const pageSize = 500;
/** The API ends a watch by then; a connection that died without a word is noticed a minute later. */
const watchSeconds = 300;
const watchDeadlineMs = (watchSeconds + 60) * 1_000;
const mostLineBytes = 4 * 1024 * 1024;
const firstDelayMs = 500;
const longestDelayMs = 30_000;

/**
 * Keeps a list of EndpointSlices as Kubernetes' own clients do: list, watch from the version of the list, take bookmarks, and
 * list anew when the version is too old (410) or the watch cannot go on.
 */
export function createSliceWatch(parts: SliceWatchParts): SliceWatch {
  const { client, path, selector, title, log, onChanged } = parts;
  const state: {
    slices: Map<string, JsonObject>;
    version: string | undefined;
    /** When the last watch began; undefined when it was refused. */
    openedAtMs: number | undefined;
    problem: unknown;
  } = { slices: new Map(), version: undefined, openedAtMs: undefined, problem: undefined };
  const query = (more: Readonly<Record<string, string>>) =>
    `${path}?${new URLSearchParams({ labelSelector: selector, ...more }).toString()}`;

  async function list(signal: AbortSignal): Promise<void> {
    try {
      await read(signal);
    } catch (error) {
      state.problem = error;
      throw error;
    }
  }

  async function read(signal: AbortSignal): Promise<void> {
    const slices = new Map<string, JsonObject>();
    let version: string | undefined;
    let isWhole = false;
    let next: Readonly<Record<string, string>> | undefined = {};
    while (next !== undefined) {
      const limit = isWhole ? {} : { limit: String(pageSize) };
      const answer: ControlAnswer = await client.ask({ path: query({ ...limit, ...next }), signal });
      if (answer.status === 410 && !isWhole) {
        // The version of the first page is forgotten already: the list is asked for in one piece.
        isWhole = true;
        next = {};
        slices.clear();
        continue;
      }
      expectSlices(answer.status, answer.json);
      const page: JsonObject = expectObject(answer, "its EndpointSlices");
      for (const slice of arrayAt(page, "items").filter(isJsonObject)) slices.set(sliceKey(slice), slice);
      const metadata = objectAt(page, "metadata");
      version = textAt(metadata, "resourceVersion");
      const token: string | undefined = textAt(metadata, "continue");
      next = token === undefined || token === "" ? undefined : { continue: token };
    }
    // Only now: to watch from the version of a list that broke off would miss what its other pages hold.
    state.slices = slices;
    state.version = version;
    onChanged();
  }

  /** One connection, to its end. Throws `expired` when the version is too old. */
  async function watch(version: string, signal: AbortSignal): Promise<void> {
    const response = await client.open({
      path: query({
        watch: "1",
        resourceVersion: version,
        allowWatchBookmarks: "true",
        timeoutSeconds: String(watchSeconds),
      }),
      signal,
      deadlineMs: watchDeadlineMs,
    });
    if (response.status === 410) {
      await response.body?.cancel();
      throw expired();
    }
    if (!response.ok) await response.body?.cancel();
    expectSlices(response.status);
    state.openedAtMs = performance.now();
    state.problem = undefined;
    const lines = createLineSplitter(mostLineBytes);
    for await (const chunk of response.body ?? []) for (const line of lines.push(chunk)) take(parse(line));
  }

  function take(event: JsonObject): void {
    const object = objectAt(event, "object");
    const type = textAt(event, "type");
    if (type === "ERROR") throw object["code"] === 410 ? expired() : unexpected(textAt(object, "message"));
    state.version = textAt(objectAt(object, "metadata"), "resourceVersion") ?? state.version;
    if (type === "BOOKMARK") return;
    if (type === "DELETED") state.slices.delete(sliceKey(object));
    else state.slices.set(sliceKey(object), object);
    onChanged();
  }

  async function follow(signal: AbortSignal): Promise<void> {
    let failures = 0;
    const hasLasted = () => performance.now() - (state.openedAtMs ?? Infinity) > firstDelayMs;
    while (!signal.aborted) {
      state.openedAtMs = undefined;
      try {
        if (state.version === undefined) await list(signal);
        await watch(state.version ?? "", signal);
        // The API ends each watch in time. One that it ends at once is not asked for again at once.
        failures = hasLasted() ? 0 : 1;
      } catch (error) {
        if (signal.aborted) return;
        failures = hasLasted() ? 0 : failures + 1;
        if (isExpired(error)) state.version = undefined;
        else {
          state.problem = error;
          log.warn("kubernetes.watch_failed", { selector, error });
        }
      }
      if (failures > 0) await wait(Math.min(longestDelayMs, firstDelayMs * 2 ** (failures - 1)), signal);
    }
  }

  return {
    title,
    get slices() {
      return state.slices;
    },
    get problem() {
      return state.problem;
    },
    list,
    follow,
  };
}

/** Half of the delay is by chance, so that many servers do not come back at once. */
function wait(delayMs: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const onAbort = () => resolve();
  const timer = setTimeout(onAbort, delayMs * (0.5 + Math.random() / 2)).unref();
  signal.addEventListener("abort", onAbort, { once: true });
  return promise.finally(() => {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  });
}

class Expired extends Error {}

function expired(): Error {
  return new Expired("The version of the list is too old.");
}

function isExpired(error: unknown): boolean {
  return error instanceof Expired;
}

function unexpected(message = "It gave no reason."): PlatformError {
  return new PlatformError("upstream_error", `The cluster ended a watch: ${message}`, { isRetryable: true });
}

function parse(line: string): JsonObject {
  try {
    const value: Json = JSON.parse(line);
    if (isJsonObject(value)) return value;
  } catch {
    // Told below, as any other line that is no event.
  }
  throw new PlatformError("upstream_malformed", "The cluster sent a line of a watch that is no event.");
}
