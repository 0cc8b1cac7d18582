import { connect, type Socket } from "node:net";
import { postText } from "../fakes/raw-client.ts";
import { pickKey, type Random } from "../random.ts";

/** When a client leaves. */
export type Moment = keyof typeof moments;

/** Out of a hundred clients so many leave at each moment. */
const moments = {
  "within the request": 5,
  "before the first byte": 30,
  "at the head": 15,
  "in the middle": 35,
  "at the end": 15,
} as const;

/** By which way: FIN lets what was sent arrive, RST does not. */
const manners = { fin: 1, rst: 1 } as const;

const longestPatienceMs = 12;
const mostEvents = 12;
/** More than one address of the loopback, so that their ports do not run out. */
const addresses = 8;

export type LeavingOptions = { readonly port: number; readonly model: string; readonly random: Random };

/** Asks for a stream and leaves at a moment of the random series. Settles with it when the connection is gone. */
export function leaveStream({ port, model, random }: LeavingOptions): Promise<Moment> {
  const moment = pickKey(random, moments);
  const leave = leaverOf(pickKey(random, manners));
  const patienceMs = random.next() * longestPatienceMs;
  const events = 1 + random.below(mostEvents);
  const text = postText("/v1/chat/completions", {
    model,
    stream: true,
    messages: [{ role: "user", content: "one two three" }],
  });
  const socket = connect({
    host: "127.0.0.1",
    port,
    localAddress: `127.0.0.${1 + random.below(addresses)}`,
  });
  const gone = Promise.withResolvers<Moment>();
  let seen = "";
  socket.setNoDelay(true);
  socket.on("connect", () => {
    const isPart = moment === "within the request";
    socket.write(isPart ? text.slice(0, random.below(text.length)) : text);
    if (isPart || moment === "before the first byte") setTimeout(leave, patienceMs, socket);
  });
  socket.on("data", (bytes: Buffer) => {
    seen += bytes.toString("latin1");
    if (hasCome(moment, seen, events)) leave(socket);
  });
  // A server that was faster than this client resets the connection, which is as good as leaving.
  socket.on("error", () => undefined);
  socket.on("close", () => gone.resolve(moment));
  return gone.promise;
}

function hasCome(moment: Moment, seen: string, events: number): boolean {
  switch (moment) {
    case "at the head":
      return seen.includes("\r\n\r\n");
    case "in the middle":
      return seen.split("\ndata: ").length > events || isWhole(seen);
    case "at the end":
      return isWhole(seen);
    default:
      return false;
  }
}

function isWhole(seen: string): boolean {
  return seen.includes("data: [DONE]") || /^HTTP\/1\.1 [45]/.test(seen);
}

function leaverOf(manner: keyof typeof manners): (socket: Socket) => void {
  return (socket) => void (manner === "fin" ? socket.end() : socket.resetAndDestroy());
}
