import type { ByteSource } from "../../formats/byte-source.ts";
import { FormatProblem } from "../../formats/format-problem.ts";
import { toPrintable } from "../../formats/printable.ts";
import { elementBytesOf } from "../../formats/torch/torch-file.ts";
import type { TorchTensor } from "../../formats/torch/torch-host.ts";
import { elementsOf, type WeightTensor } from "./weight-tensor.ts";

/**
 * A view of a storage as a tensor in row-major order. A view that already is one is read in pieces; any other is
 * gathered element by element.
 *
 * @throws FormatProblem `corrupt` when it reaches beyond its storage
 */
export function toDenseTensor(
  name: string,
  { tensor, storage }: { readonly tensor: TorchTensor; readonly storage: ByteSource },
): WeightTensor {
  const { dtype, shape, stride, offset } = tensor;
  const bytes = elementBytesOf(dtype);
  if (bytes === undefined)
    throw new FormatProblem("unsupported", `its tensor ${toPrintable(name)} has the type ${dtype}`);
  const elements = elementsOf(tensor);
  const last = shape.reduce((sum, count, axis) => sum + (count - 1) * (stride[axis] ?? 0), offset);
  if (!Number.isSafeInteger(elements) || (elements > 0 && (last + 1) * bytes > storage.sizeBytes))
    throw new FormatProblem("corrupt", `its tensor ${toPrintable(name)} reaches beyond its storage`);
  // One number can be a view of any size: it would fill the disk.
  if (elements * bytes > storage.sizeBytes)
    throw new FormatProblem("corrupt", `its tensor ${toPrintable(name)} is larger than its storage`);
  const isDense = isRowMajor(shape, stride);
  return {
    name,
    dtype,
    shape,
    read(from, count) {
      if (isDense) return storage.read((offset + from) * bytes, count * bytes);
      const gathered = Buffer.allocUnsafe(count * bytes);
      for (let index = 0; index < count; index += 1) {
        const at = offset + placeOf(from + index, shape, stride);
        gathered.set(storage.read(at * bytes, bytes), index * bytes);
      }
      return gathered;
    },
  };
}

function isRowMajor(shape: readonly number[], stride: readonly number[]): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
    const count = shape[axis] ?? 0;
    if (count !== 1 && stride[axis] !== expected) return false;
    expected *= count;
  }
  return true;
}

function placeOf(index: number, shape: readonly number[], stride: readonly number[]): number {
  let place = 0;
  let rest = index;
  for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
    const count = shape[axis] ?? 1;
    place += (rest % count) * (stride[axis] ?? 0);
    rest = Math.floor(rest / count);
  }
  return place;
}
