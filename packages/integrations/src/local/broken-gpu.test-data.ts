import { registerHooks } from "node:module";

// For engines of tests, by `--import`: node-llama-cpp as it is on a machine with a GPU whose driver cannot run what the
// library has for it. The load is fine; the first step on the GPU ends the process.

const name = "node-llama-cpp";
const wrapper = `${import.meta.url}?wrapper`;

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === name &&
    context.parentURL !== wrapper &&
    !(context.parentURL ?? "").includes("/node_modules/")
      ? { url: wrapper, format: "module", shortCircuit: true }
      : next(specifier, context),
  load: (url, context, next) =>
    url === wrapper ? { format: "module", source: wrapperSource, shortCircuit: true } : next(url, context),
});

const wrapperSource = `
import { writeSync } from "node:fs";
import { getLlama as getReal, LlamaContextSequence } from "${name}";
export * from "${name}";

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
