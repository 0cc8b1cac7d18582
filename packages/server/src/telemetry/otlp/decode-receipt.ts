import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import type { TelemetryReceipt } from "./sender.ts";

const nothingSaid: TelemetryReceipt = { rejected: 0, message: "" };
const longestMessage = 300;

/**
 * What an `Export…ServiceResponse` of OTLP 1 says in its `partial_success`: the three kinds have the same form.
 * What is none says nothing: the request was taken all the same.
 */
export function decodeReceipt(answer: Uint8Array): TelemetryReceipt {
  try {
    return readResponse(new BinaryReader(answer));
  } catch {
    // A proxy in between may answer anything to what it took.
    return nothingSaid;
  }
}

function readResponse(reader: BinaryReader): TelemetryReceipt {
  let receipt = nothingSaid;
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === 1 && type === WireType.LengthDelimited) receipt = readPartialSuccess(reader.bytes());
    else reader.skip(type, field);
  }
  return receipt;
}

function readPartialSuccess(bytes: Uint8Array): TelemetryReceipt {
  const reader = new BinaryReader(bytes);
  let rejected = 0;
  let message = "";
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === 1 && type === WireType.Varint) rejected = Math.max(0, Number(reader.int64()));
    else if (field === 2 && type === WireType.LengthDelimited)
      message = reader.string().slice(0, longestMessage);
    else reader.skip(type, field);
  }
  return { rejected, message };
}
