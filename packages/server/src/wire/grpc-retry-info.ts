import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";

const retryInfo = "type.googleapis.com/google.rpc.RetryInfo";

/**
 * After how many milliseconds a server wants a call again, by the `google.rpc.RetryInfo` in its status; undefined where
 * it does not say. Read are these fields of protocol buffers (the wire format of proto3), and others passed over:
 *
 *     Status = { 3: *Any }    Any = { 1: type-url, 2: RetryInfo }    RetryInfo = { 1: Duration }
 *     Duration = { 1: seconds, 2: nanoseconds }
 *
 * @param details the trailer `grpc-status-details-bin`: a `google.rpc.Status` in Base64
 */
export function readRetryDelayMs(details: string): number | undefined {
  try {
    const found = membersOf(Buffer.from(details, "base64"), 3).map(readDetail);
    return found.find((each) => each !== undefined);
  } catch {
    // What cannot be read says nothing.
    return undefined;
  }
}

/** Undefined for any other detail. */
function readDetail(any: Uint8Array): number | undefined {
  const [url] = membersOf(any, 1);
  const [value] = membersOf(any, 2);
  if (url === undefined || value === undefined || Buffer.from(url).toString() !== retryInfo) return undefined;
  const [duration] = membersOf(value, 1);
  return duration === undefined ? undefined : readDurationMs(duration);
}

function readDurationMs(bytes: Uint8Array): number {
  const reader = new BinaryReader(bytes);
  let ms = 0;
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === 1 && type === WireType.Varint) ms += Number(reader.int64()) * 1_000;
    else if (field === 2 && type === WireType.Varint) ms += reader.int32() / 1_000_000;
    else reader.skip(type, field);
  }
  return Math.max(0, Math.ceil(ms));
}

/** Of a message, what its fields of this number hold that have a length. */
function membersOf(message: Uint8Array, number: number): readonly Uint8Array[] {
  const reader = new BinaryReader(message);
  const found: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === number && type === WireType.LengthDelimited) found.push(reader.bytes());
    else reader.skip(type, field);
  }
  return found;
}
