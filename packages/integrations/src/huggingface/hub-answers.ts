import {
  arrayAt,
  countAt,
  type HubFile,
  type HubModel,
  isJsonArray,
  isJsonObject,
  type Json,
  type JsonObject,
  objectAt,
  PlatformError,
  textAt,
} from "@llm-platform/kit";
import { fileRisk } from "./file-risk.ts";

/** Longer texts of a repository are of no use to a list. */
const longestText = 200;

/** The entries of a search. Throws PlatformError `upstream_malformed`. */
export function toHubModels(json: Json): readonly (HubModel & { readonly paths: readonly string[] })[] {
  if (!isJsonArray(json)) throw malformed("a list of models");
  return json.filter(isJsonObject).flatMap((entry) => {
    const id = textAt(entry, "id") ?? textAt(entry, "modelId");
    if (id === undefined) return [];
    const paths = arrayAt(entry, "siblings")
      .filter(isJsonObject)
      .flatMap((file) => textAt(file, "rfilename") ?? []);
    return [{ ...toHubModel(id, entry), paths }];
  });
}

/** What the Hub says of one repository. Throws PlatformError `upstream_malformed`. */
export function toRepositoryFacts(json: Json): HubModel & { readonly commit: string } {
  if (!isJsonObject(json)) throw malformed("a repository");
  const id = textAt(json, "id") ?? textAt(json, "modelId");
  const commit = textAt(json, "sha");
  if (id === undefined || commit === undefined || !/^[0-9a-f]{40}$/.test(commit))
    throw malformed("a repository");
  return { ...toHubModel(id, json), commit };
}

/** One page of a list of files. Throws PlatformError `upstream_malformed`. */
export function toHubFiles(json: Json): readonly HubFile[] {
  if (!isJsonArray(json)) throw malformed("a list of files");
  return json.filter(isJsonObject).flatMap((entry): readonly HubFile[] => {
    const path = textAt(entry, "path");
    if (path === undefined || entry["type"] !== "file") return [];
    const lfs = objectAt(entry, "lfs");
    const sizeBytes = countAt(lfs, "size") ?? countAt(entry, "size");
    const sha256 = textAt(lfs, "oid")?.replace(/^sha256:/, "");
    const isDigest = sha256 !== undefined && /^[0-9a-f]{64}$/.test(sha256);
    return sizeBytes === undefined
      ? []
      : [{ path, sizeBytes, risk: fileRisk(path), ...(isDigest ? { sha256 } : {}) }];
  });
}

function toHubModel(id: string, entry: JsonObject): HubModel {
  const tags = arrayAt(entry, "tags").filter((tag) => typeof tag === "string");
  const license =
    textAt(objectAt(entry, "cardData"), "license") ??
    tags.find((tag) => tag.startsWith("license:"))?.slice("license:".length);
  const { gated } = entry;
  return {
    id,
    gated: gated === "manual" ? "manual" : gated === "auto" || gated === true ? "automatic" : "no",
    isPrivate: entry["private"] === true,
    ...present({
      downloads: countAt(entry, "downloads"),
      likes: countAt(entry, "likes"),
      task: short(textAt(entry, "pipeline_tag")),
      library: short(textAt(entry, "library_name")),
      license: short(license),
      updatedAt: short(textAt(entry, "lastModified")),
      parameters:
        countAt(objectAt(entry, "gguf"), "total") ?? countAt(objectAt(entry, "safetensors"), "total"),
    }),
  };
}

function short(text: string | undefined): string | undefined {
  return text?.slice(0, longestText);
}

type Present<Members> = { readonly [Name in keyof Members]?: Exclude<Members[Name], undefined> };

/** The members that there are. */
function present<Members extends Readonly<Record<string, string | number | undefined>>>(
  members: Members,
): Present<Members> {
  const there = Object.entries(members).filter(([, value]) => value !== undefined);
  // What is left of the members has their names and types.
  return Object.fromEntries(there) as Present<Members>;
}

function malformed(what: string): PlatformError {
  return new PlatformError("upstream_malformed", `The Hub gave ${what} in a form that is not understood.`);
}
