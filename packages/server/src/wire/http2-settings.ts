import { Http2Error, http2Codes, protocolError, sizeError } from "./http2-error.ts";
import { highest, maxFrameBytes, settingIds, toSettings } from "./http2-frames.ts";

const settingBytes = 6;
/** More at once than there are kinds of settings, several times; each would be looked at (CVE-2020-11080). */
const mostSettings = 32;
const largestFrameBytes = 2 ** 24 - 1;

/** What each side may send ahead of a connection, and of each stream, before anything is said about it (RFC 9113 section 6.9.2). */
export const defaultWindow = 65_535;

/** What a peer may send ahead: of one stream, and of all; and how long the headers of a request may be. */
export const receiveLimits = {
  streamWindow: 256 * 1024,
  connectionWindow: 1024 * 1024,
  headerListBytes: 16_384,
} as const;

/** This side's settings (RFC 9113 section 6.5.2), as a payload. The window of all streams together is none of them. */
export function formatSettings(maxConcurrentStreams: number): Buffer {
  return toSettings([
    [settingIds.MAX_CONCURRENT_STREAMS, maxConcurrentStreams],
    [settingIds.INITIAL_WINDOW_SIZE, receiveLimits.streamWindow],
    [settingIds.MAX_HEADER_LIST_SIZE, receiveLimits.headerListBytes],
  ]);
}

/**
 * Reads the settings of a peer (RFC 9113 section 6.5), of which only one counts here: `payload = *(id value)`.
 * @returns what a new stream has room for at the peer; undefined where that stays. Throws Http2Error.
 */
export function readInitialWindow(payload: Buffer): number | undefined {
  if (payload.length % settingBytes !== 0) throw sizeError();
  if (payload.length > mostSettings * settingBytes)
    throw new Http2Error(http2Codes.ENHANCE_YOUR_CALM, "too many settings come at once");
  let window: number | undefined;
  for (let at = 0; at < payload.length; at += settingBytes) {
    const id = payload.readUInt16BE(at);
    const value = payload.readUInt32BE(at + 2);
    if (isOutOfRange(id, value)) throw protocolError("a setting is out of range");
    if (id !== settingIds.INITIAL_WINDOW_SIZE) continue;
    if (value > highest)
      throw new Http2Error(http2Codes.FLOW_CONTROL_ERROR, "a window is wider than it may be");
    window = value;
  }
  return window;
}

function isOutOfRange(id: number, value: number): boolean {
  if (id === settingIds.ENABLE_PUSH) return value > 1;
  return id === settingIds.MAX_FRAME_SIZE && (value < maxFrameBytes || value > largestFrameBytes);
}
