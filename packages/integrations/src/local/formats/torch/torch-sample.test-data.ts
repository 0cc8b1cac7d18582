import { encodeZip } from "../zip-sample.test-data.ts";

interface SampleTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Writes what `torch.save` writes of a dictionary of 32-bit tensors, for tests. */
export function encodeTorch(tensors: readonly SampleTensor[]): Buffer {
  const pickle = Buffer.concat([
    Buffer.from("\x80\x02}(", "latin1"),
    ...tensors.map((tensor, index) => Buffer.concat([text(tensor.name), encodeTensor(tensor, index)])),
    Buffer.from("u."),
  ]);
  return encodeZip([
    { name: "archive/data.pkl", data: pickle },
    { name: "archive/byteorder", data: Buffer.from("little") },
    ...tensors.map(({ values }, index) => ({
      name: `archive/data/${index}`,
      data: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
    })),
    { name: "archive/version", data: Buffer.from("3\n") },
  ]);
}

function encodeTensor({ shape, values }: SampleTensor, index: number): Buffer {
  const storage = Buffer.concat([
    Buffer.from("("),
    text("storage"),
    Buffer.from("ctorch\nFloatStorage\n"),
    text(String(index)),
    text("cpu"),
    int(values.length),
    Buffer.from("tQ"),
  ]);
  const strides = shape.map((_count, axis) =>
    shape.slice(axis + 1).reduce((product, count) => product * count, 1),
  );
  return Buffer.concat([
    Buffer.from("ctorch._utils\n_rebuild_tensor_v2\n("),
    storage,
    int(0),
    tuple(shape),
    tuple(strides),
    Buffer.from("\x89ccollections\nOrderedDict\n)RtR", "latin1"),
  ]);
}

function tuple(counts: readonly number[]): Buffer {
  return Buffer.concat([Buffer.from("("), ...counts.map(int), Buffer.from("t")]);
}

function int(value: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes.write("J");
  bytes.writeInt32LE(value, 1);
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.alloc(5);
  bytes.write("X");
  bytes.writeUInt32LE(Buffer.byteLength(value), 1);
  return Buffer.concat([bytes, Buffer.from(value)]);
}
