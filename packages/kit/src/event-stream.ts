import { PlatformError } from "./errors.ts";
import { createLineSplitter } from "./line-splitter.ts";

/** Longest line of a reply that is a stream, in bytes. */
export const maxStreamLineBytes = 1024 * 1024;
/** Longest server-sent event, in bytes of its data. */
const maxEventBytes = 4 * 1024 * 1024;

/** One server-sent event that has data. */
export interface ServerSentEvent {
  /** What `event` says; `message` when it is absent. */
  readonly event: string;
  readonly data: string;
}

/** Cuts an event stream, in pieces of any size, into its events. */
export interface EventSplitter {
  /** The events that `chunk` completes. Throws PlatformError `upstream_malformed`. An event that is never completed is none. */
  push(chunk: Uint8Array): readonly ServerSentEvent[];
}

/**
 * Reads server-sent events (WHATWG HTML section 9.2). A line ends with LF or CRLF; a CR alone, which the standard allows
 * too, is taken for a part of its line. A line that is no field of an event is an error, since it is mostly a page of HTML.
 */
export function createEventSplitter(): EventSplitter {
  const lines = createLineSplitter(maxStreamLineBytes);
  let event = "message";
  let data: string[] = [];
  let dataBytes = 0;

  function readLine(line: string): ServerSentEvent | undefined {
    if (line === "") return endEvent();
    const { name, value } = toField(line);
    if (name === "data") {
      dataBytes += value.length + 1;
      if (dataBytes > maxEventBytes) throw malformed(`an event longer than ${maxEventBytes} bytes`);
      data.push(value);
    } else if (name === "event") event = value;
    return undefined;
  }

  function endEvent(): ServerSentEvent | undefined {
    const ended = { event, data: data.join("\n") };
    event = "message";
    data = [];
    dataBytes = 0;
    return ended.data === "" ? undefined : ended;
  }

  return {
    push: (chunk) =>
      lines.push(chunk).flatMap((text) => {
        const line = text.endsWith("\r") ? text.slice(0, -1) : text;
        const ended = readLine(line);
        return ended === undefined ? [] : [ended];
      }),
  };
}

const fieldNames = ["data", "event", "id", "retry"];

function toField(line: string): { readonly name: string; readonly value: string } {
  const colon = line.indexOf(":");
  if (colon === 0) return { name: "", value: "" };
  const name = colon < 0 ? line : line.slice(0, colon);
  if (!fieldNames.includes(name)) throw malformed("a line that is not a server-sent event");
  const value = colon < 0 ? "" : line.slice(colon + 1);
  return { name, value: value.startsWith(" ") ? value.slice(1) : value };
}

function malformed(what: string): PlatformError {
  return new PlatformError("upstream_malformed", `The model server sent ${what}.`, { isRetryable: true });
}
