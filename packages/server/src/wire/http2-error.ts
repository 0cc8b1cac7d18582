/** Codes of RFC 9113 section 7, as far as they are used here. */
export const http2Codes = {
  NO_ERROR: 0,
  PROTOCOL_ERROR: 1,
  INTERNAL_ERROR: 2,
  FLOW_CONTROL_ERROR: 3,
  STREAM_CLOSED: 5,
  FRAME_SIZE_ERROR: 6,
  REFUSED_STREAM: 7,
  CANCEL: 8,
  COMPRESSION_ERROR: 9,
  ENHANCE_YOUR_CALM: 11,
} as const;

/** A peer does not keep to HTTP/2. It stays within `wire/`: the connection, or the stream, ends by it. */
export class Http2Error extends Error {
  readonly code: number;
  /** Of the stream at fault; undefined where it is the connection that cannot go on. */
  readonly streamId: number | undefined;

  constructor(code: number, message: string, streamId?: number) {
    super(message);
    this.name = "Http2Error";
    this.code = code;
    this.streamId = streamId;
  }
}

export function protocolError(message: string): Http2Error {
  return new Http2Error(http2Codes.PROTOCOL_ERROR, message);
}

export function sizeError(): Http2Error {
  return new Http2Error(http2Codes.FRAME_SIZE_ERROR, "a frame has a wrong size");
}
