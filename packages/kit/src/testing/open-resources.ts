import assert from "node:assert/strict";
import { createHook } from "node:async_hooks";

/** Kinds of things that only an integration opens, and that live until they are closed. */
const watchedKinds = [
  "Timeout",
  "TCPSERVERWRAP",
  "PIPESERVERWRAP",
  "PROCESSWRAP",
  "FSEVENTWRAP",
  "STATWATCHER",
  "WORKER",
  "UDPWRAP",
];

const patienceMs = 2_000;
const intervalMs = 10;

/**
 * Runs `work`, then waits, for at most two seconds (closing takes turns of the loop), until everything that
 * was opened meanwhile is closed. Fails naming what still is open. Timers that hold no process are let pass.
 */
export async function leavesNothingOpen(moment: string, work: () => Promise<void>): Promise<void> {
  const open = new Map<number, OpenResource>();
  const hook = createHook({
    // oxlint-disable-next-line max-params -- the signature is Node's
    init(id, kind, _trigger, resource) {
      if (watchedKinds.includes(kind)) open.set(id, { kind, resource });
    },
    destroy: (id) => void open.delete(id),
  });
  hook.enable();
  try {
    await work();
    hook.disable();
    const left = createHook({ destroy: (id) => void open.delete(id) }).enable();
    try {
      await waitUntilClosed(open);
    } finally {
      left.disable();
    }
  } finally {
    hook.disable();
  }
  const names = holdingOf(open).map(({ kind }) => kind);
  assert.deepEqual(names, [], `${moment} leaves open: ${names.join(", ")}`);
}

interface OpenResource {
  readonly kind: string;
  readonly resource: object;
}

async function waitUntilClosed(open: ReadonlyMap<number, OpenResource>): Promise<void> {
  const endMs = performance.now() + patienceMs;
  while (holdingOf(open).length > 0 && performance.now() < endMs) {
    await new Promise((resolve) => void setTimeout(resolve, intervalMs));
  }
}

/** Those that would keep the process from ending. */
function holdingOf(open: ReadonlyMap<number, OpenResource>): readonly OpenResource[] {
  return [...open.values()].filter(({ resource }) => {
    if (!("hasRef" in resource) || typeof resource.hasRef !== "function") return true;
    return resource.hasRef() !== false;
  });
}

/** Rejects when `work` takes longer than `limitMs`, saying what did. */
export async function within<Value>(limitMs: number, what: string, work: Promise<Value>): Promise<Value> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`${what} took longer than ${limitMs} ms`)), limitMs);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits, within `limitMs`, until `work` has ended, well or badly. */
export async function settledWithin(limitMs: number, what: string, work: Promise<unknown>): Promise<void> {
  await within(limitMs, what, Promise.allSettled([work]));
}
