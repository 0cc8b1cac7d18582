import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { toByteSource } from "../../formats/byte-source.ts";
import { judgeSource } from "../../formats/inspect-file.ts";
import { sniffFormat } from "../../formats/sniff-format.ts";
import { encodeTorch } from "../../formats/torch/torch-sample.test-data.ts";
import { TorchStorage, TorchTensor } from "../../formats/torch/torch-host.ts";
import { convertFolder } from "../convert-folder.ts";
import { readFixture, unpack, weightsOf, writeModelFolder } from "../model-folder.test-data.ts";
import { decodeNumbers } from "../numbers.ts";
import { openWeights } from "./open-weights.ts";
import { toDenseTensor } from "./torch-weights.ts";
import { elementsOf } from "./weight-tensor.ts";

interface TorchFixture {
  readonly zip: string;
  readonly legacy: string;
  /** A state_dict as PyTorch itself makes it. */
  readonly ordered: string;
  /** A whole module, with its classes. */
  readonly module: string;
  readonly values: Readonly<
    Record<string, { readonly shape: readonly number[]; readonly values: readonly number[] }>
  >;
}

const fixture = readFixture<TorchFixture>("torch");
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "llm-torch-"));
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

describe("a file that torch.save wrote", () => {
  it.each(["zip", "legacy"] as const)("gives its tensors, in the layout %s", async (layout) => {
    await writeFile(join(folder, "pytorch_model.bin"), unpack(fixture[layout]));
    const weights = openWeights(folder);
    const found = Object.fromEntries(
      [...weights.tensors].map(([name, tensor]) => [
        name,
        {
          shape: tensor.shape,
          values: [...decodeNumbers(tensor.read(0, elementsOf(tensor)), tensor.dtype)],
        },
      ]),
    );
    weights.close();
    expect(found).toEqual(fixture.values);
  });

  it.each(["zip", "legacy", "ordered"] as const)(
    "is suspicious, and not refused, in the layout %s",
    (layout) => {
      const bytes = unpack(fixture[layout]);
      const verdict = judgeSource(toByteSource(bytes), sniffFormat(bytes.subarray(0, 4096), bytes.length));
      expect(verdict).toMatchObject({ verdict: "suspicious", format: "pytorch" });
    },
  );

  it("is refused by the class that it would make when it is a whole module", async () => {
    await writeFile(join(folder, "pytorch_model.bin"), unpack(fixture.module));
    expect(() => openWeights(folder)).toThrow("torch.nn.modules.linear.Linear");
  });
});

it("makes the same GGUF of PyTorch's weights as of safetensors", async () => {
  const paths = { safe: join(folder, "safe"), torch: join(folder, "torch") };
  const { tensors } = writeModelFolder(paths.safe, "qwen2");
  writeModelFolder(paths.torch, "qwen2");
  await rm(join(paths.torch, "model.safetensors"));
  const values = Object.entries(tensors).map(([name, shape]) => ({
    name,
    shape,
    values: weightsOf(name, shape, "qwen2"),
  }));
  await writeFile(join(paths.torch, "pytorch_model.bin"), encodeTorch(values));
  const [safe, torch] = await Promise.all(
    Object.values(paths).map(async (path) => {
      const target = `${path}.gguf`;
      convertFolder({ path, target, name: "tiny", numbers: "f16" }, () => undefined);
      return await readFile(target);
    }),
  );
  expect(torch?.equals(safe ?? Buffer.alloc(0))).toBe(true);
});

it("refuses a view that is larger than its storage", () => {
  const storage = new TorchStorage("0", "F32", 1);
  const view = { storage, dtype: "F32", offset: 0, shape: [65_536, 65_536], stride: [0, 0] };
  expect(() =>
    toDenseTensor("a", { tensor: new TorchTensor(view), storage: toByteSource(new Uint8Array(4)) }),
  ).toThrow("larger than its storage");
});
