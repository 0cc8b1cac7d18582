import { connect } from "node:net";
import type { RequestLane, SeenRequest } from "./request-lane.ts";
import type { ClientStream } from "./request-stream.ts";

/** What a lane made of a stream. */
export type Outcome = {
  readonly requests: readonly SeenRequest[];
  /** Statuses of the replies, interim ones included. */
  readonly statuses: readonly number[];
  /** Whether the server leaves the connection open for more. */
  readonly isOpen: boolean;
};

/** An end of a head: what the lane does with it tells a head that has not ended from a body that has not. */
const headEnd = Buffer.from("\r\n\r\n");

/**
 * Sends a stream over a connection of its own and sees what becomes of it.
 * @param options.quietTurns after as many turns of the event loop in which nothing happens, nothing will
 * @param options.endsHead whether an end of a head is sent when the connection is still open after that
 */
export async function exchange(
  lane: RequestLane,
  { segments, waits }: ClientStream,
  options: { readonly quietTurns: number; readonly endsHead?: boolean },
): Promise<Outcome> {
  const { quietTurns, endsHead = false } = options;
  lane.take();
  const state = { text: "", isOpen: true, changes: 0 };
  const socket = connect({ port: lane.port, host: "127.0.0.1", noDelay: true });
  socket.on("data", (bytes: Buffer) => {
    state.text += bytes.toString("latin1");
    state.changes++;
  });
  const over = (): void => {
    state.isOpen = false;
    state.changes++;
  };
  for (const event of ["end", "close", "error"]) socket.on(event, over);
  for (const [index, segment] of segments.entries()) {
    if (socket.writable) socket.write(segment);
    for (let turns = waits[index] ?? 0; turns > 0; turns--) await nextTurn();
  }
  const settle = async (): Promise<void> => {
    for (let quiet = 0, last = -1; quiet < quietTurns; quiet++) {
      await nextTurn();
      const now = state.changes + lane.seen;
      if (now !== last || lane.pending > 0 || socket.connecting) quiet = 0;
      last = now;
    }
  };
  await settle();
  if (endsHead && state.isOpen) {
    socket.write(headEnd);
    await settle();
  }
  const { text, isOpen } = state;
  socket.resetAndDestroy();
  return { requests: lane.take(), statuses: statusesOf(text), isOpen };
}

export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function statusesOf(text: string): readonly number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}
