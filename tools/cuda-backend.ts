import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { z } from "zod";

/**
 * `node tools/cuda-backend.ts`: builds llama.cpp's library for NVIDIA's GPUs on the machine that has one, from the source
 * that comes with node-llama-cpp, and puts it where node-llama-cpp looks for it. For cards or drivers that its own package
 * `@node-llama-cpp/linux-x64-cuda` has no code for. Needs Linux on x64, CUDA's toolkit, CMake, Ninja and a C++ compiler.
 */
const usage = `node tools/cuda-backend.ts [options]
  --node-modules FOLDER   where node-llama-cpp is (default the repository's)
  --architectures LIST    compute capabilities without the dot, such as 90 or 86;89 (default the cards of this machine)
  --source FOLDER         llama.cpp's source, unpacked (default it is unpacked from node-llama-cpp, by git)
  --build-folder FOLDER   kept between runs (default one that is removed)
`;

const platform = "linux-x64";
const packageName = `${platform}-cuda`;
const library = "libggml-cuda.so";

interface Setup {
  readonly nodeModules: string;
  readonly source: string;
  readonly buildFolder: string;
  readonly architectures: string;
}

function run(command: string, args: readonly string[]): void {
  const { status, error } = spawnSync(command, args, { stdio: ["ignore", 2, 2] });
  if (status !== 0) throw new Error(`${command} failed${error === undefined ? "" : `: ${error.message}`}`);
}

/** `9.0` for each card, as `90-real`: machine code for these cards alone. */
function readArchitectures(): string {
  const { stdout, status } = spawnSync("nvidia-smi", ["--query-gpu=compute_cap", "--format=csv,noheader"], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error("nvidia-smi tells of no card: name them with --architectures");
  const capabilities = new Set(stdout.trim().split("\n"));
  return [...capabilities].map((capability) => `${capability.trim().replace(".", "")}-real`).join(";");
}

/** The folder of CUDA's toolkit: by CUDA_HOME, the compiler in the path, or where its packages put it. */
function findToolkit(): string {
  const found = spawnSync("sh", ["-c", 'readlink -f "$(command -v nvcc)"'], {
    encoding: "utf8",
  }).stdout.trim();
  const candidates = [
    process.env["CUDA_HOME"],
    found === "" ? undefined : dirname(dirname(found)),
    "/usr/local/cuda",
  ];
  const toolkit = candidates.find((folder) => folder !== undefined && existsSync(join(folder, "bin/nvcc")));
  if (toolkit === undefined) throw new Error("CUDA's toolkit is not found: set CUDA_HOME to its folder");
  return toolkit;
}

/** Only the library itself: all else is in the package for processors, built from the same source. */
function build({ source, buildFolder, architectures }: Setup): string {
  const toolkit = findToolkit();
  const libraries = ["lib64", "lib"]
    .map((name) => join(toolkit, name))
    .filter((folder) => existsSync(folder));
  const settings = {
    CMAKE_BUILD_TYPE: "Release",
    CMAKE_CUDA_COMPILER: join(toolkit, "bin/nvcc"),
    CMAKE_CUDA_ARCHITECTURES: architectures,
    CUDAToolkit_ROOT: toolkit,
    BUILD_SHARED_LIBS: "ON",
    CMAKE_PLATFORM_NO_VERSIONED_SONAME: "ON",
    // The rest of the runtime lies beside it, CUDA's libraries where they are now.
    CMAKE_BUILD_RPATH: ["$ORIGIN", ...libraries].join(";"),
    CMAKE_BUILD_RPATH_USE_ORIGIN: "ON",
    GGML_BACKEND_DL: "ON",
    GGML_CUDA: "ON",
    GGML_CUDA_NCCL: "OFF",
    GGML_CPU: "OFF",
    GGML_NATIVE: "OFF",
    LLAMA_BUILD_APP: "OFF",
    LLAMA_BUILD_COMMON: "OFF",
    LLAMA_BUILD_EXAMPLES: "OFF",
    LLAMA_BUILD_SERVER: "OFF",
    LLAMA_BUILD_TESTS: "OFF",
    LLAMA_BUILD_TOOLS: "OFF",
  };
  const definitions = Object.entries(settings).map(([name, value]) => `-D${name}=${value}`);
  run("cmake", ["-S", source, "-B", buildFolder, "-G", "Ninja", ...definitions]);
  const jobs = String(availableParallelism());
  run("cmake", ["--build", buildFolder, "--target", "ggml-cuda", "--parallel", jobs]);
  return join(buildFolder, "bin", library);
}

const metadataSchema = z.looseObject({ buildOptions: z.looseObject({}) });

/** Puts the library with the rest of the runtime into the package that node-llama-cpp loads for CUDA. */
function install({ nodeModules }: Setup, built: string): string {
  const scope = join(nodeModules, "@node-llama-cpp");
  const target = join(scope, packageName);
  const binaries = join(target, "bins", packageName);
  const source = join(scope, platform);
  const metadataFile = "_nlcBuildMetadata.json";
  rmSync(target, { recursive: true, force: true });
  mkdirSync(dirname(binaries), { recursive: true });
  cpSync(join(source, "bins", platform), binaries, { recursive: true });
  cpSync(join(source, "dist"), join(target, "dist"), { recursive: true });
  cpSync(built, join(binaries, library));
  chmodSync(join(binaries, library), 0o755);
  const metadata = metadataSchema.parse(JSON.parse(readFileSync(join(binaries, metadataFile), "utf8")));
  const options = { ...metadata.buildOptions, gpu: "cuda" };
  writeFileSync(join(binaries, metadataFile), JSON.stringify({ ...metadata, buildOptions: options }));
  const manifest = JSON.parse(readFileSync(join(source, "package.json"), "utf8"));
  const name = `@node-llama-cpp/${packageName}`;
  writeFileSync(join(target, "package.json"), JSON.stringify({ ...manifest, name }, undefined, 2));
  return target;
}

function unpackSource(nodeModules: string, folder: string): string {
  const source = join(folder, "llama.cpp");
  const bundle = join(nodeModules, "node-llama-cpp/llama/gitRelease.bundle");
  run("git", ["clone", "--quiet", bundle, source]);
  return source;
}

function main(): void {
  const { values } = parseArgs({
    options: {
      "node-modules": { type: "string", default: fileURLToPath(new URL("../node_modules", import.meta.url)) },
      architectures: { type: "string" },
      source: { type: "string" },
      "build-folder": { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  const nodeModules = resolve(values["node-modules"]);
  const work = mkdtempSync(join(tmpdir(), "cuda-backend-"));
  try {
    const setup = {
      nodeModules,
      source: values.source === undefined ? unpackSource(nodeModules, work) : resolve(values.source),
      buildFolder:
        values["build-folder"] === undefined ? join(work, "build") : resolve(values["build-folder"]),
      architectures: values.architectures ?? readArchitectures(),
    };
    process.stdout.write(`${install(setup, build(setup))}\n`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

main();
