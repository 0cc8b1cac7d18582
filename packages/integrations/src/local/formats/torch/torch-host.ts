import type { PickleHost } from "../pickle/pickle-machine.ts";
import {
  GlobalName,
  HostValue,
  PickleDict,
  PickleSequence,
  type PickleValue,
} from "../pickle/pickle-values.ts";

/** The numbers that tensors are views of, by the key under which a file holds them. */
export class TorchStorage extends HostValue {
  readonly key: string;
  /** As safetensors spells it; undefined for bytes without a type. */
  readonly dtype: string | undefined;
  readonly elements: number;

  constructor(key: string, dtype: string | undefined, elements: number) {
    super(`the storage ${key}`);
    this.key = key;
    this.dtype = dtype;
    this.elements = elements;
  }
}

/** A tensor of a PyTorch file: a view of a storage, in elements. */
export class TorchTensor extends HostValue {
  readonly storage: TorchStorage;
  readonly dtype: string;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly stride: readonly number[];

  constructor(view: Pick<TorchTensor, "storage" | "dtype" | "offset" | "shape" | "stride">) {
    super("a tensor");
    this.storage = view.storage;
    this.dtype = view.dtype;
    this.offset = view.offset;
    this.shape = view.shape;
    this.stride = view.stride;
  }
}

const storageTypes: Readonly<Record<string, string | undefined>> = {
  "torch.DoubleStorage": "F64",
  "torch.FloatStorage": "F32",
  "torch.HalfStorage": "F16",
  "torch.BFloat16Storage": "BF16",
  "torch.LongStorage": "I64",
  "torch.IntStorage": "I32",
  "torch.ShortStorage": "I16",
  "torch.CharStorage": "I8",
  "torch.ByteStorage": "U8",
  "torch.BoolStorage": "BOOL",
};
const untypedStorage = new Set(["torch.storage.UntypedStorage", "torch.UntypedStorage"]);
const elementTypes: Readonly<Record<string, string | undefined>> = {
  "torch.float64": "F64",
  "torch.float32": "F32",
  "torch.float16": "F16",
  "torch.bfloat16": "BF16",
  "torch.int64": "I64",
  "torch.int32": "I32",
  "torch.int16": "I16",
  "torch.int8": "I8",
  "torch.uint8": "U8",
  "torch.bool": "BOOL",
};

type Call = (args: readonly PickleValue[]) => PickleValue | undefined;

/** The calls that files of weights are made of. Each is done here, in a few lines: none is Python's. */
const calls: Readonly<Record<string, Call>> = {
  "collections.OrderedDict": (args) => (args.length === 0 ? new PickleDict() : undefined),
  "torch.Size": ([sizes]) => (sizes instanceof PickleSequence ? sizes : undefined),
  "torch._utils._rebuild_tensor": ([storage, offset, shape, stride]) =>
    toTensor({ storage, offset, shape, stride }),
  "torch._utils._rebuild_tensor_v2": ([storage, offset, shape, stride]) =>
    toTensor({ storage, offset, shape, stride }),
  "torch._utils._rebuild_tensor_v3": ([storage, offset, shape, stride, _grad, _hooks, type]) =>
    type instanceof GlobalName
      ? toTensor({ storage, offset, shape, stride, dtype: elementTypes[type.toString()] })
      : undefined,
  "torch._utils._rebuild_parameter": ([tensor]) => (tensor instanceof TorchTensor ? tensor : undefined),
  "torch._utils._rebuild_parameter_with_state": ([tensor]) =>
    tensor instanceof TorchTensor ? tensor : undefined,
};

/** Takes tensors, and what holds them, out of a pickle of PyTorch. */
export const torchHost: PickleHost = {
  isKnown(global) {
    const name = `${global.module}.${global.name}`;
    return (
      Object.hasOwn(calls, name) ||
      Object.hasOwn(storageTypes, name) ||
      Object.hasOwn(elementTypes, name) ||
      untypedStorage.has(name)
    );
  },
  call(global, args) {
    const name = `${global.module}.${global.name}`;
    return Object.hasOwn(calls, name) ? calls[name]?.(args) : undefined;
  },
  resolve(id) {
    if (!(id instanceof PickleSequence)) return undefined;
    const [kind, type, key, _location, elements] = id.items;
    if (kind !== "storage" || !(type instanceof GlobalName) || typeof key !== "string") return undefined;
    if (!isCount(elements)) return undefined;
    const name = `${type.module}.${type.name}`;
    if (untypedStorage.has(name)) return new TorchStorage(key, undefined, elements);
    return Object.hasOwn(storageTypes, name)
      ? new TorchStorage(key, storageTypes[name], elements)
      : undefined;
  },
};

function toTensor(view: {
  readonly storage: PickleValue | undefined;
  readonly offset: PickleValue | undefined;
  readonly shape: PickleValue | undefined;
  readonly stride: PickleValue | undefined;
  readonly dtype?: string | undefined;
}): PickleValue | undefined {
  const { storage, offset } = view;
  const shape = toCounts(view.shape);
  const stride = toCounts(view.stride);
  if (!(storage instanceof TorchStorage) || !isCount(offset) || shape === undefined || stride === undefined)
    return undefined;
  const dtype = view.dtype ?? storage.dtype;
  if (dtype === undefined || shape.length !== stride.length || shape.length > 8) return undefined;
  return new TorchTensor({ storage, dtype, offset, shape, stride });
}

function toCounts(value: PickleValue | undefined): readonly number[] | undefined {
  if (!(value instanceof PickleSequence)) return undefined;
  const counts = value.items.filter(isCount);
  return counts.length === value.items.length ? counts : undefined;
}

function isCount(value: PickleValue | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
