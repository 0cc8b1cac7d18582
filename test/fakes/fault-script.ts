import type { Fault } from "./fault.ts";
import type { ReceivedRequest } from "./http-exchange.ts";
import type { RequestHead } from "./http-request.ts";

/** Which requests a fault waits for. Default: every POST. `path` alone means any method. */
export type FaultMatch = { readonly method?: string; readonly path?: string };

/** How the script closes and opens the door for the fault `refuse`. */
export type Door = { refuse(): void; listen(): Promise<void> };

/** The queue of faults and the standing one. */
export type FaultScript = {
  script(faults: Fault | readonly Fault[], match?: FaultMatch): void;
  always(fault: Fault, match?: FaultMatch): void;
  clear(): void;
  /** The fault for a head whose body was not read yet, where that fault is an early one. */
  takeEarly(head: RequestHead): Fault | undefined;
  /** The fault for a complete request. `turn` is the request's place on its connection. */
  take(request: ReceivedRequest): Fault | undefined;
};

type Entry = { readonly fault: Fault; readonly match: FaultMatch | undefined };

function fits(head: RequestHead, match: FaultMatch | undefined): boolean {
  if (match === undefined || (match.method === undefined && match.path === undefined))
    return head.method === "POST";
  const isMethod = match.method === undefined || match.method === head.method;
  return isMethod && (match.path === undefined || match.path === head.path);
}

function isEarly(fault: Fault): boolean {
  return fault.kind === "status" && fault.early === true;
}

function isForRequests(entry: Entry): boolean {
  return entry.fault.kind !== "refuse";
}

function sparesFirst(fault: Fault): boolean {
  return fault.kind === "close-on-arrival" && fault.reusedOnly !== false;
}

export function createFaultScript(door: Door): FaultScript {
  const queue: Entry[] = [];
  let standing: Entry | undefined;
  let reopening: NodeJS.Timeout | undefined;

  /** Obeys a `refuse` at the head of the queue. */
  const openOrShut = (): void => {
    const fault = queue[0]?.fault;
    if (fault?.kind !== "refuse") return;
    queue.shift();
    door.refuse();
    if (fault.forMs === undefined) return;
    clearTimeout(reopening);
    reopening = setTimeout(() => void door.listen().then(openOrShut), fault.forMs);
  };
  const find = (head: RequestHead, isWanted: (fault: Fault) => boolean): Fault | undefined => {
    const place = queue.findIndex(
      (entry) => isForRequests(entry) && fits(head, entry.match) && isWanted(entry.fault),
    );
    const [entry] = place < 0 ? [] : queue.splice(place, 1);
    if (entry !== undefined) return entry.fault;
    return standing !== undefined && fits(head, standing.match) && isWanted(standing.fault)
      ? standing.fault
      : undefined;
  };

  const clear = (): void => {
    queue.length = 0;
    standing = undefined;
    clearTimeout(reopening);
  };
  return {
    script: (faults, match) => {
      const list = "kind" in faults ? [faults] : faults;
      queue.push(...list.map((fault) => ({ fault, match })));
      openOrShut();
    },
    always: (fault, match) => {
      if (fault.kind === "refuse") door.refuse();
      else standing = { fault, match };
    },
    clear,
    takeEarly: (head) => {
      // An early fault must not overtake another that waits for the same request.
      const next = queue.find((entry) => isForRequests(entry) && fits(head, entry.match));
      if (next !== undefined && !isEarly(next.fault)) return undefined;
      return find(head, isEarly);
    },
    take: (request) => {
      // A refusal behind this fault waits until the reply to this request is over.
      void request.closed.then(openOrShut);
      return find(request, (fault) => !(sparesFirst(fault) && request.turn === 1));
    },
  };
}
