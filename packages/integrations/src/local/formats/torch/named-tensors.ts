import { FormatProblem } from "../format-problem.ts";
import { PickleDict, type PickleValue } from "../pickle/pickle-values.ts";
import { TorchTensor } from "./torch-host.ts";

/** Dictionaries in which training programs put the weights, beside what they need to go on. */
const wrappers: ReadonlySet<string> = new Set(["state_dict", "model_state_dict", "model", "module"]);
const maxWrappers = 3;

/** The weights by name. Throws FormatProblem `unsupported` when there are none by name. */
export function namedTensors(value: PickleValue | undefined): ReadonlyMap<string, TorchTensor> {
  let dict = value;
  for (let depth = 0; dict instanceof PickleDict && depth < maxWrappers; depth += 1) {
    const tensors = new Map<string, TorchTensor>();
    let inner: PickleValue | undefined;
    for (const [key, each] of dict.entries) {
      if (typeof key !== "string") continue;
      if (each instanceof TorchTensor) tensors.set(key, each);
      if (each instanceof PickleDict && wrappers.has(key)) inner ??= each;
    }
    if (tensors.size > 0) return tensors;
    dict = inner;
  }
  throw new FormatProblem(
    "unsupported",
    "it holds no dictionary of weights by name; save the model's state_dict",
  );
}
