import { PlatformError } from "@llm-platform/kit";

/** What a folder of every system can hold, and nothing that leads out of one. */
const plainName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const partOfMany = /(-\d{5}-of-\d{5})\.gguf$/i;
const longestPath = 512;
/** Programs, and formats that run code when they are loaded. */
const programs =
  /\.(?:bin|pt|pth|ckpt|pkl|pickle|joblib|npy|npz|nemo|mar|h5|keras|pb|py|sh|exe|dll|so|dylib|llamafile|zip|tar|gz|tgz|7z|rar)$/i;

/**
 * The name that a file gets here.
 * @param path as its source names it
 * @param wanted name of the model, without an ending; default that of the file
 * @throws PlatformError `invalid_request` for a path that leads elsewhere, a format that is not taken, or a name that no folder can hold
 */
export function modelFileName(path: string, wanted: string | undefined): string {
  expectPlainPath(path);
  const base = path.split("/").at(-1) ?? "";
  if (!/\.gguf$/i.test(base)) throw refusedFormat(base);
  const stem = wanted?.replace(/\.gguf$/i, "");
  const name =
    stem === undefined
      ? base.replace(/\.gguf$/i, ".gguf")
      : `${stem}${partOfMany.exec(base)?.[1] ?? ""}.gguf`;
  if (plainName.test(name)) return name;
  throw new PlatformError(
    "invalid_request",
    "The file's own name cannot be a name here. Give `name`: 1 to 100 letters, digits, dots, dashes or underscores.",
    { field: "name" },
  );
}

/** Throws PlatformError `invalid_request` for a path that is not plain and below where it is looked for. */
export function expectPlainPath(path: string): void {
  const isPlain =
    path.length <= longestPath &&
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    !/[\u0000-\u001f\u007f\\%:\u2044\u2215\u29f8\uff0f]/.test(path) &&
    path.split("/").every((segment) => segment !== "" && segment !== "." && segment !== "..");
  if (isPlain) return;
  throw new PlatformError(
    "invalid_request",
    "`file` must be the path of a file in the repository, as its list gives it.",
    {
      field: "file",
    },
  );
}

function refusedFormat(name: string): PlatformError {
  const why = programs.test(name)
    ? "it is a program, an archive, or a format that runs code when it is loaded"
    : "models are run from GGUF files";
  return new PlatformError(
    "invalid_request",
    `This file is not taken: ${why}. Choose a file that ends in .gguf.`,
    {
      field: "file",
    },
  );
}
