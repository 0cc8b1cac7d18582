import { type ByteSource, toView } from "./byte-source.ts";
import { FormatProblem } from "./format-problem.ts";

/** One field of a message. */
export interface ProtobufField {
  readonly number: number;
  /** Of a number; 0 for others. */
  readonly value: number;
  /** Where its bytes lie. */
  readonly start: number;
  readonly end: number;
}

const wire = { number: 0, eight: 1, bytes: 2, four: 5 } as const;
const maxTextBytes = 1024 * 1024;

/** Reads messages of protobuf without their schema. */
export class ProtobufReader {
  readonly #source: ByteSource;
  #fieldsLeft: number;

  /** @param maxFields most fields that all calls together may read */
  constructor(source: ByteSource, maxFields: number) {
    this.#source = source;
    this.#fieldsLeft = maxFields;
  }

  /** The fields of the message that lies there. Throws FormatProblem `corrupt`. */
  fields({ start, end }: Pick<ProtobufField, "start" | "end">): readonly ProtobufField[] {
    const fields: ProtobufField[] = [];
    for (let at = start; at < end; ) {
      const field = this.#field(at, end);
      fields.push(field);
      at = field.end;
    }
    return fields;
  }

  text({ start, end }: ProtobufField): string {
    if (end - start > maxTextBytes) throw new FormatProblem("corrupt", "one of its texts is too long");
    return Buffer.from(this.#source.read(start, end - start)).toString();
  }

  float({ start, end }: ProtobufField): number {
    if (end - start !== 4)
      throw new FormatProblem("corrupt", "one of its numbers has another size than it should");
    return toView(this.#source.read(start, 4)).getFloat32(0, true);
  }

  #field(at: number, end: number): ProtobufField {
    this.#fieldsLeft -= 1;
    if (this.#fieldsLeft < 0) throw new FormatProblem("corrupt", "it has too many fields");
    const tag = this.#number(at);
    const type = tag.value & 7;
    const number = Math.floor(tag.value / 8);
    const field = { number, value: 0, ...this.#extent(tag.end, type) };
    if (field.end > end) throw new FormatProblem("corrupt", "one of its fields is longer than what it is in");
    return field;
  }

  #extent(
    start: number,
    type: number,
  ): { readonly start: number; readonly end: number; readonly value?: number } {
    switch (type) {
      case wire.number:
        return { start, ...this.#number(start) };
      case wire.eight:
        return { start, end: start + 8 };
      case wire.four:
        return { start, end: start + 4 };
      case wire.bytes: {
        const length = this.#number(start);
        return { start: length.end, end: length.end + length.value };
      }
      default:
        throw new FormatProblem("corrupt", "it is no sound protobuf message");
    }
  }

  #number(start: number): { readonly value: number; readonly end: number } {
    let value = 0n;
    for (let index = 0; index < 10; index += 1) {
      const [byte = 0] = this.#source.read(start + index, 1);
      value |= BigInt(byte & 0x7f) << BigInt(7 * index);
      if (byte < 0x80) return { value: Number(value), end: start + index + 1 };
    }
    throw new FormatProblem("corrupt", "it holds a number without an end");
  }
}
