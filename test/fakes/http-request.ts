/** A request as it came over the wire. */
export type RequestHead = {
  readonly method: string;
  /** The request target as sent, query included. */
  readonly target: string;
  /** The target without its query. */
  readonly path: string;
  readonly version: string;
  /** Names and values as sent, in order. */
  readonly headers: readonly (readonly [string, string])[];
  /** The first header of that name, looked up without regard to case. */
  header(name: string): string | undefined;
};

type BodyPlan = { type: "none" } | { type: "length"; bytes: number } | { type: "chunked" };

const headEnd = Buffer.from("\r\n\r\n");

function parseHead(text: string): RequestHead | undefined {
  const [first = "", ...lines] = text.split("\r\n");
  const match = /^([A-Z]+) (\S+) (HTTP\/1\.[01])$/.exec(first);
  if (match === null) return undefined;
  const [, method = "", target = "", version = ""] = match;
  const headers = lines.map((line): readonly [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  const header = (name: string): string | undefined =>
    headers.find(([candidate]) => candidate.toLowerCase() === name.toLowerCase())?.[1];
  const path = target.split("?")[0] ?? target;
  return { method, target, path, version, headers, header };
}

function planBody(head: RequestHead): BodyPlan {
  if (/chunked/i.test(head.header("transfer-encoding") ?? "")) return { type: "chunked" };
  const bytes = Number(head.header("content-length") ?? 0);
  return bytes > 0 ? { type: "length", bytes } : { type: "none" };
}

/** The decoded body and the bytes after it, or undefined while the last chunk has not come. */
function decodeChunked(bytes: Buffer): { body: Buffer; rest: Buffer } | undefined {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = bytes.indexOf("\r\n", at);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(bytes.toString("latin1", at, lineEnd), 16);
    if (!(size >= 0)) throw new Error("the client sent a chunk without a size");
    const start = lineEnd + 2;
    if (size === 0) {
      const end = bytes.indexOf("\r\n", start);
      return end < 0 ? undefined : { body: Buffer.concat(parts), rest: bytes.subarray(end + 2) };
    }
    if (bytes.length < start + size + 2) return undefined;
    parts.push(bytes.subarray(start, start + size));
    at = start + size + 2;
  }
}

/** What a `RequestReader` reports. */
export type RequestHandlers = {
  /** The head is complete, its body perhaps not. */
  head(head: RequestHead): void;
  request(head: RequestHead, body: Buffer): void;
  /** The bytes are no request; nothing more is read. */
  malformed(): void;
};

/** Turns the bytes of one connection into requests, pipelined ones included. */
export type RequestReader = { push(chunk: Buffer): void };

export function createRequestReader(handlers: RequestHandlers): RequestReader {
  let head: RequestHead | undefined;
  let plan: BodyPlan = { type: "none" };
  let held: Buffer[] = [];
  let heldBytes = 0;
  let isBroken = false;

  const keep = (bytes: Buffer): void => {
    held = bytes.length > 0 ? [bytes] : [];
    heldBytes = bytes.length;
  };
  const finish = (body: Buffer, rest: Buffer): void => {
    const done = head;
    head = undefined;
    keep(rest);
    if (done !== undefined) handlers.request(done, body);
  };
  const readHead = (): boolean => {
    const bytes = Buffer.concat(held);
    const end = bytes.indexOf(headEnd);
    if (end < 0) return false;
    head = parseHead(bytes.toString("latin1", 0, end));
    if (head === undefined) {
      isBroken = true;
      handlers.malformed();
      return false;
    }
    plan = planBody(head);
    keep(bytes.subarray(end + headEnd.length));
    handlers.head(head);
    return true;
  };
  const readBody = (): boolean => {
    if (plan.type === "length" && heldBytes < plan.bytes) return false;
    const bytes = Buffer.concat(held);
    if (plan.type === "none") finish(Buffer.alloc(0), bytes);
    else if (plan.type === "length") finish(bytes.subarray(0, plan.bytes), bytes.subarray(plan.bytes));
    else {
      const decoded = decodeChunked(bytes);
      if (decoded === undefined) return false;
      finish(decoded.body, decoded.rest);
    }
    return true;
  };

  const push = (chunk: Buffer): void => {
    held.push(chunk);
    heldBytes += chunk.length;
    while (!isBroken && (head !== undefined || heldBytes > 0)) {
      const hasMoved = head === undefined ? readHead() : readBody();
      if (!hasMoved) return;
    }
  };
  return { push };
}
