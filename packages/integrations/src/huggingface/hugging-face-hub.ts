import {
  type HubFile,
  type HubPage,
  type HubQuery,
  type HubRepository,
  type ModelHub,
  PlatformError,
} from "@llm-platform/kit";
import { toHubFiles, toHubModels, toRepositoryFacts } from "./hub-answers.ts";
import type { HubClient, HubClientParts } from "./hub-client.ts";
import { createFileOpener } from "./open-file.ts";
import { groupQuantizations, quantizationOf } from "./quantizations.ts";

const repositoryName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,95}\/[A-Za-z0-9][A-Za-z0-9._-]{0,95}$/;
/** Files of a repository that are looked at; the Hub gives a thousand a page. */
const mostPages = 10;
const shownFields = [
  "downloads",
  "likes",
  "gated",
  "private",
  "pipeline_tag",
  "library_name",
  "lastModified",
  "tags",
  "gguf",
];
const sortNames = {
  downloads: "downloads",
  likes: "likes",
  updated: "lastModified",
  trending: "trendingScore",
};

/** Repositories of the Hub, by its HTTP API. */
export function createHuggingFaceHub(
  client: HubClient,
  parts: Pick<HubClientParts, "context" | "address">,
): ModelHub {
  async function listFiles(name: string, commit: string, signal: AbortSignal): Promise<readonly HubFile[]> {
    const files: HubFile[] = [];
    let path: string | undefined = `/api/models/${name}/tree/${commit}?recursive=true`;
    for (let page = 0; path !== undefined && page < mostPages; page++) {
      const answer = await client.ask(path, { repository: name }, signal);
      files.push(...toHubFiles(answer.json));
      path = answer.next;
    }
    return files;
  }

  return {
    async search(query, signal) {
      const { json, next } = await client.ask(toSearchPath(query), {}, signal);
      const wanted = query.quantization?.toUpperCase();
      const models = toHubModels(json).filter(
        ({ paths, parameters }) =>
          (wanted === undefined ||
            paths.some((path) => /\.gguf$/i.test(path) && quantizationOf(path) === wanted)) &&
          (query.maxParameters === undefined ||
            parameters === undefined ||
            parameters <= query.maxParameters),
      );
      return {
        models: models.map(({ paths: _paths, ...model }) => model),
        ...toCursor(next),
      };
    },
    async repository(name, revision, signal): Promise<HubRepository> {
      if (!repositoryName.test(name) || name.includes(".."))
        throw new PlatformError("invalid_request", "A repository is named owner/name.", {
          field: "repository",
        });
      const { json } = await client.ask(
        `/api/models/${name}/revision/${encodeURIComponent(revision ?? "main")}`,
        { repository: name },
        signal,
      );
      const facts = toRepositoryFacts(json);
      const files = await listFiles(name, facts.commit, signal);
      return {
        ...facts,
        files,
        quantizations: groupQuantizations(files),
        warnings: warningsOf(facts, files),
      };
    },
    open: createFileOpener(parts),
  };
}

function toSearchPath(query: HubQuery): string {
  const { text, author, task, library, license, quantization, gated } = query;
  const parameters = new URLSearchParams();
  const set = (name: string, value: string | undefined): void => {
    if (value !== undefined) parameters.append(name, value);
  };
  set("search", text);
  set("author", author);
  set("pipeline_tag", task);
  set("filter", library);
  set("filter", license === undefined ? undefined : `license:${license}`);
  set("gated", gated === undefined ? undefined : String(gated));
  set("sort", sortNames[query.sort]);
  set("direction", "-1");
  set("limit", String(query.limit));
  set("cursor", query.cursor);
  for (const field of [...shownFields, ...(quantization === undefined ? [] : ["siblings"])])
    set("expand[]", field);
  return `/api/models?${parameters}`;
}

/** Only what tells the place in the list goes on to a caller, and comes back: the rest is made anew. */
function toCursor(next: string | undefined): Pick<HubPage, "nextCursor"> {
  const cursor = new URLSearchParams(next?.split("?")[1]).get("cursor");
  return cursor === null ? {} : { nextCursor: cursor };
}

function warningsOf({ gated }: Pick<HubRepository, "gated">, files: readonly HubFile[]): readonly string[] {
  const count = (risk: HubFile["risk"]): number => files.filter((file) => file.risk === risk).length;
  const gate = gated === "manual" ? "a person then says yes or no" : "it is then given at once";
  return [
    ...(gated === "no" ? [] : [`Access must be asked for on its page; ${gate}.`]),
    ...(count("runs_code") === 0
      ? []
      : [
          `${count("runs_code")} of its files run code when they are loaded; the platform neither loads nor pulls them.`,
        ]),
    ...(count("program") === 0
      ? []
      : [`${count("program")} of its files are programs; the platform does not pull them.`]),
  ];
}
