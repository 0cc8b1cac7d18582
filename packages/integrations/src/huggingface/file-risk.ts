import type { FileRisk } from "@llm-platform/kit";

/** Pickles in their many names, and formats that hold code: who loads one runs it. */
const runsCode = /\.(?:bin|pt|pth|ckpt|pkl|pickle|joblib|npy|npz|nemo|mar|h5|keras|pb|py)$/i;
const programs = /\.(?:llamafile|exe|dll|so|dylib|sh|bat|ps1|appimage)$|(?:^|\/)[^/.]*llamafile$/i;

/** What a name says of a file. It is a hint: what counts is that the platform takes GGUF files only, by their contents. */
export function fileRisk(path: string): FileRisk {
  if (programs.test(path)) return "program";
  return runsCode.test(path) ? "runs_code" : "none";
}
