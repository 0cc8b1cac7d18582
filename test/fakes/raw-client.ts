import { connect, type Socket } from "node:net";

/** Everything that came over a connection, and how it ended. */
export type RawExchange = { readonly text: string; readonly end: "fin" | "reset" };

/** A client on a bare socket, to see the bytes as they are. */
export type RawClient = {
  readonly socket: Socket;
  /** What came so far. */
  text(): string;
  /** Settles when what came so far matches. Rejects when the connection ends first. */
  until(pattern: RegExp): Promise<string>;
  /** Settles when the connection is over. */
  readonly done: Promise<RawExchange>;
  /** Sizes of the reads so far: how the bytes were cut on the way. */
  readonly reads: readonly number[];
};

/** Opens a connection and sends the text. Rejects when the connection is refused. */
export async function sendRaw(port: number, text: string): Promise<RawClient> {
  const socket = connect(port, "127.0.0.1");
  const reads: number[] = [];
  const waiters = new Set<() => void>();
  const finished = Promise.withResolvers<RawExchange>();
  const opened = Promise.withResolvers<void>();
  let received = "";
  let end: RawExchange["end"] = "fin";
  let isOver = false;
  const wakeAll = (): void => {
    for (const wake of waiters) wake();
  };
  socket.setNoDelay(true);
  socket.once("connect", opened.resolve);
  socket.on("data", (bytes: Buffer) => {
    reads.push(bytes.length);
    received += bytes.toString("latin1");
    wakeAll();
  });
  socket.on("error", (error: NodeJS.ErrnoException) => {
    end = "reset";
    // A reset may come so soon that it is noticed before the connection is.
    if (error.code === "ECONNRESET") opened.resolve();
    else opened.reject(error);
  });
  socket.on("close", () => {
    isOver = true;
    finished.resolve({ text: received, end });
    wakeAll();
  });
  await opened.promise;
  socket.write(text);

  const until = (pattern: RegExp): Promise<string> => {
    const waiting = Promise.withResolvers<string>();
    const check = (): void => {
      if (pattern.test(received)) waiting.resolve(received);
      else if (isOver)
        waiting.reject(new Error(`the connection ended before ${pattern} came, after: ${received}`));
      else return;
      waiters.delete(check);
    };
    waiters.add(check);
    check();
    return waiting.promise;
  };
  return { socket, text: () => received, until, done: finished.promise, reads };
}

/** The text of a POST request with that JSON as body. */
export function postText(path: string, body: unknown, headers: readonly string[] = []): string {
  const json = JSON.stringify(body);
  const lines = [
    `POST ${path} HTTP/1.1`,
    "Host: localhost",
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(json)}`,
    ...headers,
  ];
  return `${lines.join("\r\n")}\r\n\r\n${json}`;
}
