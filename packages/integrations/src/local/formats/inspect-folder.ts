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
  if (base === "config.json" && textOf(path).includes('"auto_map"'))
    return ["It names code of its own (auto_map), which the platform does not run."];
  if (base === "tokenizer_config.json" || base === "chat_template.json" || base.endsWith(".jinja"))
    return scanChatTemplate(templateText(textOf(path)));
  return [];
}

function textOf(path: string): string {
  return lstatSync(path).size > maxConfigBytes ? "" : readFileSync(path, "utf8");
}

/** Only what is under `chat_template`: tokens of these files look like inner attributes. */
function templateText(text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    const template =
      typeof value === "object" && value !== null && "chat_template" in value ? value.chat_template : "";
    return typeof template === "string" ? template : JSON.stringify(template);
  } catch {
    return text;
  }
}
