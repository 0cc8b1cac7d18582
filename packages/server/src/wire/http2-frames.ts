/** Types of frames (RFC 9113 section 6). */
export const frameTypes = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;

export const frameFlags = { END_STREAM: 1, ACK: 1, END_HEADERS: 4, PADDED: 8, PRIORITY: 0x20 } as const;

/** Settings by their numbers (RFC 9113 section 6.5.2). */
export const settingIds = {
  ENABLE_PUSH: 2,
  MAX_CONCURRENT_STREAMS: 3,
  INITIAL_WINDOW_SIZE: 4,
  MAX_FRAME_SIZE: 5,
  MAX_HEADER_LIST_SIZE: 6,
} as const;

/** Largest payload of a frame while nobody has asked for more, which is not done here. */
export const maxFrameBytes = 16_384;
export const frameHeadBytes = 9;
export const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");
/** The highest id of a stream, and the largest window. */
export const highest = 2 ** 31 - 1;

export interface FrameHead {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
}

/** A frame with its payload copied behind its head. */
export function toFrameBytes({ type, flags, streamId }: FrameHead, payload: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(frameHeadBytes + payload.length);
  writeFrameHead(frame, { type, flags, streamId }, payload.length);
  frame.set(payload, frameHeadBytes);
  return frame;
}

export function writeFrameHead(to: Buffer, { type, flags, streamId }: FrameHead, length: number): void {
  to.writeUIntBE(length, 0, 3);
  to[3] = type;
  to[4] = flags;
  to.writeUInt32BE(streamId, 5);
}

/** One or two numbers of 32 bits as a payload. */
export function toPayload(...numbers: readonly number[]): Buffer {
  const payload = Buffer.allocUnsafe(numbers.length * 4);
  numbers.forEach((number, index) => payload.writeUInt32BE(number, index * 4));
  return payload;
}

/** Settings as a payload. */
export function toSettings(settings: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.allocUnsafe(settings.length * 6);
  settings.forEach(([id, value], index) => {
    payload.writeUInt16BE(id, index * 6);
    payload.writeUInt32BE(value, index * 6 + 2);
  });
  return payload;
}
