import type { ModelVerdict, PathVerdict } from "@llm-platform/kit";
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { scanChatTemplate } from "./chat-template-scan.ts";
import { refused } from "./verdicts.ts";
import { inspectFile } from "./inspect-file.ts";
import { toPrintable } from "./printable.ts";

const maxFiles = 2_000;
const maxShownFiles = 200;
const maxReasons = 16;
const maxDepth = 4;
const maxConfigBytes = 16 * 1024 * 1024;
const rank = { weights_only: 0, suspicious: 1, refused: 2 } as const;
const weightFormats = new Set([
  "gguf",
  "safetensors",
  "pytorch",
  "pickle",
  "onnx",
  "hdf5",
  "keras",
  "numpy",
  "tflite",
]);

/** Large, and nothing but tokens and places. */
const bareJson = /^(tokenizer|vocab|added_tokens|.*\.index)\.json$/;
/** Names that programs open as weights, whatever is inside. */
const weightName =
  /\.(bin|pt|pth|ckpt|pkl|pickle|joblib|npy|npz|h5|hdf5|keras|onnx|gguf|safetensors|tflite)$/i;

/** Looks at a file, or at all of a folder: by content, and at what the folder would have other programs run. */
export async function inspectPath(path: string): Promise<PathVerdict> {
  if (!lstatSync(path).isDirectory()) return { ...(await inspectAlone(path)), files: [] };
  const names: string[] = [];
  listFiles(path, { into: names, prefix: "", depth: 0 });
  const files: PathVerdict["files"][number][] = [];
  for (const name of names.slice(0, maxFiles)) files.push({ name, ...(await inspectNamed(path, name)) });
  files.sort((a, b) => rank[b.verdict] - rank[a.verdict] || (a.name < b.name ? -1 : 1));
  const worst = files[0]?.verdict ?? "refused";
  const weights = files.find(({ format }) => weightFormats.has(format));
  const reasons = files.flatMap(({ name, reasons: each }) =>
    each.map((reason) => `${toPrintable(name)}: ${reason}`),
  );
  if (files.length === 0) reasons.push("The folder is empty.");
  if (names.length > maxFiles)
    reasons.push(`The folder has more than ${maxFiles} files; not all were looked at.`);
  return {
    verdict: names.length > maxFiles ? "refused" : worst,
    format: weights?.format ?? "unknown",
    reasons: reasons.slice(0, maxReasons),
    files: files.slice(0, maxShownFiles).map((file) => ({ ...file, name: toPrintable(file.name) })),
  };
}

/** Texts are welcome beside weights; alone, a text is no model. */
async function inspectAlone(path: string): Promise<ModelVerdict> {
  const verdict = await inspectFile(path);
  return verdict.format === "text" ? refused("text", ["It is a text, not a model."]) : verdict;
}

function listFiles(
  folder: string,
  at: { readonly into: string[]; readonly prefix: string; readonly depth: number },
): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (at.into.length > maxFiles) return;
    const name = `${at.prefix}${entry.name}`;
    // The content of a version history is no part of the model.
    if (entry.isDirectory() && entry.name !== ".git" && entry.name !== ".cache" && at.depth < maxDepth)
      listFiles(join(folder, entry.name), { into: at.into, prefix: `${name}/`, depth: at.depth + 1 });
    else if (!entry.isDirectory()) at.into.push(name);
  }
}

async function inspectNamed(folder: string, name: string): Promise<ModelVerdict> {
  const path = join(folder, name);
  if (lstatSync(path).isSymbolicLink() || !lstatSync(path).isFile())
    return {
      verdict: "suspicious",
      format: "link",
      reasons: ["It is a link or a device and was not followed."],
    };
  const base = name.slice(name.lastIndexOf("/") + 1);
  const verdict = await inspectFile(path);
  const reasons = [...verdict.reasons, ...codeIn(path, base)];
  if (verdict.format === "text" && weightName.test(base))
    reasons.push("It is called like weights, and is a text.");
  // Beside weights lie pictures, fonts and empty files: what no reader takes for a model is only said.
  const isBystander = verdict.format === "unknown" || verdict.format === "empty";
  const own = isBystander ? "suspicious" : verdict.verdict;
  const isCode = reasons.length > verdict.reasons.length;
  return { ...verdict, verdict: isCode && own === "weights_only" ? "suspicious" : own, reasons };
}

/** What a file of this name would have Python programs run. */
function codeIn(path: string, base: string): readonly string[] {
  if (base.endsWith(".py")) return ["It is Python code, which the platform does not run."];
  if (base === "requirements.txt")
    return ["It asks for Python packages, which the platform does not install."];
  if (base === "saved_model.pb") return ["It is a TensorFlow program, which the platform does not run."];
  const isConfig = base.endsWith(".json") && !bareJson.test(base);
  if (!isConfig && !base.endsWith(".jinja")) return [];
  if (lstatSync(path).size > maxConfigBytes) return ["It is too large to look into."];
  const text = readFileSync(path, "utf8");
  return isConfig ? codeOfConfig(text) : scanChatTemplate(text);
}

function codeOfConfig(text: string): readonly string[] {
  const value = parseJson(text);
  if (typeof value !== "object" || value === null) return [];
  const template = "chat_template" in value ? value.chat_template : "";
  return [
    ...("auto_map" in value || "custom_pipelines" in value
      ? ["It names code of its own (auto_map), which the platform does not run."]
      : []),
    ...scanChatTemplate(typeof template === "string" ? template : textsOf(template).join("\n")),
  ];
}

/** Every text in it, as deep as templates stand. */
function textsOf(value: unknown, depth = 0): readonly string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null || depth >= maxDepth) return [];
  return Object.values(value).flatMap((each) => textsOf(each, depth + 1));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Python reads no more of it than is read here.
    return undefined;
  }
}
