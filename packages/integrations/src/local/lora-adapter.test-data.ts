import { encodeGgufHead, type GgufMetadata, type GgufTensor, padded } from "./convert/gguf-encode.ts";

interface LoraOptions {
  /** Of the models that it is for. */
  readonly architecture: string;
  /** The tensor that it changes, with the numbers that go in and come out. */
  readonly tensor: string;
  readonly columns: number;
  readonly rows: number;
  /** What is added to every weight of even rows, and taken from those of odd ones, at the scale 1. */
  readonly change: number;
}

/** A LoRA adapter of rank 1 in the GGUF format, which changes every weight of one tensor by the same number. */
export function encodeLoraAdapter({ architecture, tensor, columns, rows, change }: LoraOptions): Buffer {
  const metadata: GgufMetadata = new Map([
    ["general.architecture", { type: "string", value: architecture }],
    ["general.type", { type: "string", value: "adapter" }],
    ["adapter.type", { type: "string", value: "lora" }],
    ["adapter.lora.alpha", { type: "f32", value: 1 }],
  ]);
  const a = new Float32Array(columns).fill(1);
  const b = Float32Array.from({ length: rows }, (_, row) => (row % 2 === 0 ? change : -change));
  const tensors: readonly GgufTensor[] = [
    { name: `${tensor}.lora_a`, shape: [1, columns], type: 0, bytes: a.byteLength },
    { name: `${tensor}.lora_b`, shape: [rows, 1], type: 0, bytes: b.byteLength },
  ];
  const data = [a, b].map((values) =>
    Buffer.concat([Buffer.from(values.buffer), Buffer.alloc(padded(values.byteLength) - values.byteLength)]),
  );
  return Buffer.concat([encodeGgufHead(metadata, tensors), ...data]);
}
