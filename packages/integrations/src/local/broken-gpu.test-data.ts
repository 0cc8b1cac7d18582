import { libraryName, wrapLibrary } from "./wrapped-library.test-data.ts";

// For engines of tests, by `--import`: node-llama-cpp as it is on a machine with a GPU whose driver cannot run what the
// library has for it. The load is fine; the first step on the GPU ends the process.

const wrapperSource = `
import { writeSync } from "node:fs";
import { getLlama as getReal, LlamaContextSequence } from "${libraryName}";
export * from "${libraryName}";

export async function getLlama(options) {
  if (options.gpu !== "auto") return await getReal(options);
  LlamaContextSequence.prototype.evaluate = die;
  const llama = await getReal({ ...options, gpu: false });
  return new Proxy(llama, {
    get(target, key) {
      if (key === "gpu") return "cuda";
      const value = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function die() {
  writeSync(2, "CUDA error: the provided PTX was compiled with an unsupported toolchain.\\n");
  writeSync(2, "  current device: 0, in function ggml_cuda_compute_forward\\n");
  writeSync(2, "ggml-cuda.cu:98: CUDA error\\n");
  process.abort();
}
`;

wrapLibrary(`${import.meta.url}?wrapper`, wrapperSource);
