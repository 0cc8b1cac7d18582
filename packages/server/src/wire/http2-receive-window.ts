import { Http2Error, http2Codes } from "./http2-error.ts";

/** What a peer may still send (RFC 9113 section 5.2). What it has sent is given back once it is half of all. */
export class ReceiveWindow {
  readonly #bytes: number;
  #left: number;
  #unreturned = 0;

  constructor(bytes: number) {
    this.#bytes = bytes;
    this.#left = bytes;
  }

  /** @param streamId whose window it is; undefined for that of the connection. Throws Http2Error for more than there is room for. */
  take(bytes: number, streamId?: number): void {
    this.#left -= bytes;
    this.#unreturned += bytes;
    if (this.#left < 0)
      throw new Http2Error(http2Codes.FLOW_CONTROL_ERROR, "more came than there is room for", streamId);
  }

  /** What is to be given back now; 0 for nothing. */
  giveBack(): number {
    const bytes = this.#unreturned;
    if (bytes <= this.#bytes / 2) return 0;
    this.#left += bytes;
    this.#unreturned = 0;
    return bytes;
  }
}
