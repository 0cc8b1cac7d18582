import { STATUS_CODES } from "node:http";

/** The way back to one caller, whichever lane its request came by. It ends once. */
export interface ClientReply {
  /** Whether the client is still there and the reply has not ended. */
  readonly isOpen: boolean;
  /** Whether the head went out, so that the status can no longer change. */
  readonly isStarted: boolean;
  /** Bytes that wait for a client that reads slowly. */
  readonly waitingBytes: number;
  /**
   * Sends a whole reply.
   * @param headers header lines, each ended by CRLF, without those of length and framing; see `headerLine`
   */
  send(status: number, headers: string, body: Uint8Array): void;
  /** Begins a reply of unknown length; its head goes out with the first `write`. */
  start(status: number, headers: string): void;
  write(chunk: Uint8Array): void;
  /** Ends a reply that was begun. */
  end(): void;
  /** Breaks the connection off: the client sees that the reply is not whole. */
  destroy(): void;
  /** Tells `watcher` what becomes of the client until the reply has ended. One watcher is all there is. */
  watch(watcher: ReplyWatcher): void;
}

/** Hears what becomes of a client. */
export interface ReplyWatcher {
  /** It left before the reply had ended. Told once. */
  onGone(): void;
  /** Nothing waits for it any more. */
  onDrain(): void;
}

/**
 * One header line. Names and values that do not come from us must be made by it.
 * @throws Error when the value would break out of its line
 */
export function headerLine(name: string, value: string): string {
  if (/[\r\n\0]/.test(value)) throw new Error(`the value of ${name} cannot stand in a header`);
  return `${name}: ${value}\r\n`;
}

/** Names and values of header lines, by turns. */
export function splitHeaderLines(lines: string): string[] {
  return lines
    .split("\r\n")
    .filter((line) => line !== "")
    .flatMap((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    });
}

/** Status line and header lines, with `date`, without the empty line (RFC 9112 sections 4 and 5). */
export function formatReplyHead(status: number, headers: string): string {
  return `${status === 200 ? okStart() : startOf(status, dateText(currentSecond()))}${headers}`;
}

function startOf(status: number, date: string): string {
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\ndate: ${date}\r\n`;
}

const okCache = { second: -1, text: "" };

/** How a reply begins that is not an error, made once a second. */
function okStart(): string {
  const second = currentSecond();
  if (second !== okCache.second) {
    okCache.second = second;
    okCache.text = startOf(200, dateText(second));
  }
  return okCache.text;
}

function currentSecond(): number {
  return Math.floor(Date.now() / 1_000);
}

/** The date of a reply (RFC 9110 section 6.6.1). */
function dateText(second: number): string {
  return new Date(second * 1_000).toUTCString();
}
