import type { NewPull } from "../pulls.ts";

/** As Ollama's own command line names repositories of the Hub. */
const hubName = /^(?:hf\.co|huggingface\.co)\/([^/]+\/[^/:]+)(?::([A-Za-z0-9_]+))?$/;

/** What a name is, by how it looks, unless it is said. */
export function toPullKind(
  model: string,
  from: string | undefined,
): Pick<NewPull, "kind" | "source" | "quantization"> {
  const [, repository, quantization] = hubName.exec(model.replace(/^https:\/\//, "")) ?? [];
  if (repository !== undefined && (from === undefined || from === "huggingface"))
    return {
      kind: "huggingface",
      source: repository,
      ...(quantization === undefined ? {} : { quantization }),
    };
  if (from !== undefined) return { kind: from, source: model };
  if (/^https?:\/\//.test(model)) return { kind: "url", source: model };
  return { kind: model.startsWith("/") ? "file" : "ollama", source: model };
}
