import { libraryName, wrapLibrary } from "./wrapped-library.test-data.ts";

// For engines of tests, by `--import`: node-llama-cpp as it is on a machine with a GPU, which says that its layers are there.
// Where FAKE_GPU_FILE names a file, the memory that its driver tells as used (in MiB) stands in it, and grows by 600 as a
// model is loaded, unless the file FAKE_GPU_FILE.idle is there.

const wrapperSource = `
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { getLlama as getReal } from "${libraryName}";
export * from "${libraryName}";

const file = process.env.FAKE_GPU_FILE;
const claimed = 19;

function over(target, own) {
  return new Proxy(target, {
    get(target, key) {
      if (key in own) return own[key];
      const value = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

export async function getLlama(options) {
  if (options.gpu !== "auto") return await getReal(options);
  const llama = await getReal({ ...options, gpu: false });
  return over(llama, {
    gpu: "cuda",
    getVramState: async () => ({ total: 2 ** 36, used: 0, free: 2 ** 36, unifiedSize: 0 }),
    async loadModel(what) {
      const model = await llama.loadModel({ ...what, gpuLayers: 0 });
      if (!existsSync(file + ".idle")) writeFileSync(file, String(Number(readFileSync(file, "utf8")) + 600));
      Object.defineProperty(model, "gpuLayers", { value: claimed });
      return model;
    },
  });
}
`;

wrapLibrary(`${import.meta.url}?wrapper`, wrapperSource);
