import type { HubModel, HubRepository, ModelHub } from "@llm-platform/kit";
import { z } from "zod";
import { chooseQuantization, memoryFor } from "../core/quantization-choice.ts";
import type { PullManager } from "../pulls/pull-manager.ts";
import { defineOperation, type Operation } from "./operation.ts";
import { checkPullRequest, pullRequestFields, toPullRequest } from "./pull-request.ts";
import { pullSchema, startPull } from "./pulls.ts";

export interface HuggingFaceParts {
  readonly pulls: PullManager;
  /** Throws PlatformError while the integration does not run. */
  hub(integration: string): ModelHub;
  /** What a model may take of this machine's memory. */
  memoryBytes(): number;
}

const integrationField = z.string().max(128).default("huggingface").describe("Which integration.");

const modelFields = {
  id: z.string(),
  gated: z.enum(["no", "automatic", "manual"]).describe("Whether access must be asked for."),
  private: z.boolean(),
  downloads: z.number().nullable(),
  likes: z.number().nullable(),
  task: z.string().nullable(),
  library: z.string().nullable(),
  license: z.string().nullable(),
  parameters: z.number().nullable(),
  updated_at: z.string().nullable(),
};

const { kind: _kind, source: _source, ...downloadFields } = pullRequestFields;

/** Operations under `/local/huggingface`. */
export function huggingFaceOperations(parts: HuggingFaceParts): readonly Operation[] {
  return [
    searchOperation(parts),
    infoOperation(parts),
    defineOperation({
      name: "huggingface.download",
      summary: "Pulls a model from a repository; the same as pulls.start with the kind huggingface.",
      permission: "models.write",
      rest: { method: "POST", path: "/local/huggingface/download" },
      audit: {
        target: ({ repository }, output) => ({ type: "pull", id: output?.id ?? null, name: repository }),
      },
      input: z.strictObject({
        repository: z.string().min(3).max(200).describe("owner/name."),
        ...downloadFields,
      }),
      output: pullSchema,
      async run({ repository, ...rest }, context) {
        const input = { ...rest, kind: "huggingface" as const, source: repository };
        checkPullRequest(input, context);
        return startPull(parts.pulls, toPullRequest(input), context);
      },
    }),
  ];
}

function searchOperation({ hub }: HuggingFaceParts): Operation {
  return defineOperation({
    name: "huggingface.search",
    summary: "Searches repositories of models.",
    permission: "models.read",
    rest: { method: "GET", path: "/local/huggingface/search" },
    input: z.strictObject({
      query: z.string().max(200).optional().describe("Words of the name."),
      author: z.string().max(96).optional(),
      task: z.string().max(96).optional().describe("As text-generation."),
      library: z
        .string()
        .max(96)
        .default("gguf")
        .describe("What the files are for; those for gguf can be run here. `any` for all."),
      license: z.string().max(96).optional().describe("As apache-2.0."),
      quantization: z
        .string()
        .max(32)
        .optional()
        .describe("Only with a file of it, as Q4_K_M; sought within each page."),
      gated: z
        .stringbool()
        .or(z.boolean())
        .optional()
        .describe("Only those that access must be asked for, or only others."),
      max_parameters: z.coerce.number().int().min(1).optional().describe("Sought within each page."),
      sort: z.enum(["downloads", "likes", "updated", "trending"]).default("downloads"),
      limit: z.coerce.number().int().min(1).max(100).default(20),
      cursor: z
        .string()
        .max(1_000)
        .optional()
        .describe("next_cursor of the page before, with the same question."),
      integration: integrationField,
    }),
    output: z.object({
      models: z.array(z.object(modelFields)).readonly(),
      next_cursor: z.string().nullable(),
    }),
    async run({ query: text, max_parameters: maxParameters, integration, library, ...rest }, { signal }) {
      const given = Object.entries({
        ...rest,
        text,
        maxParameters,
        library: library === "any" ? undefined : library,
      });
      const { sort, limit } = rest;
      const page = await hub(integration).search(
        { ...Object.fromEntries(given.filter(([, value]) => value !== undefined)), sort, limit },
        signal,
      );
      return { models: page.models.map(toModelView), next_cursor: page.nextCursor ?? null };
    },
  });
}

function infoOperation({ hub, memoryBytes }: HuggingFaceParts): Operation {
  return defineOperation({
    name: "huggingface.info",
    summary:
      "What a repository holds: its files, what they can do to who loads them, and which fits into the memory.",
    permission: "models.read",
    rest: { method: "GET", path: "/local/huggingface/info" },
    input: z.strictObject({
      repository: z.string().min(3).max(200).describe("owner/name."),
      revision: pullRequestFields.revision,
      memory_bytes: z.coerce
        .number()
        .int()
        .min(1)
        .optional()
        .describe("What the model may take. Default: four fifths of what this machine has available."),
      integration: integrationField,
    }),
    output: z.object({
      ...modelFields,
      revision: z.string().describe("The commit."),
      memory_bytes: z.number(),
      recommended: z.string().nullable().describe("The best quantisation that fits into the memory."),
      quantizations: z
        .array(
          z.object({
            name: z.string(),
            size_bytes: z.number(),
            memory_bytes: z.number().describe("What it needs, roughly."),
            fits: z.boolean(),
            files: z.array(z.string()).readonly(),
          }),
        )
        .readonly(),
      files: z
        .array(
          z.object({
            path: z.string(),
            size_bytes: z.number(),
            sha256: z.string().nullable(),
            risk: z.enum(["none", "runs_code", "program"]),
          }),
        )
        .readonly(),
      warnings: z.array(z.string()).readonly(),
    }),
    async run({ repository, revision, memory_bytes = memoryBytes(), integration }, { signal }) {
      return toInfoView(await hub(integration).repository(repository, revision, signal), memory_bytes);
    },
  });
}

function toInfoView(found: HubRepository, memoryBytes: number) {
  return {
    ...toModelView(found),
    revision: found.commit,
    memory_bytes: memoryBytes,
    recommended: chooseQuantization(found.quantizations, memoryBytes)?.name ?? null,
    quantizations: found.quantizations.map(({ name, sizeBytes, files }) => ({
      name,
      size_bytes: sizeBytes,
      memory_bytes: memoryFor(sizeBytes),
      fits: memoryFor(sizeBytes) <= memoryBytes,
      files: files.map(({ path }) => path),
    })),
    files: found.files.map(({ path, sizeBytes, sha256, risk }) => ({
      path,
      size_bytes: sizeBytes,
      sha256: sha256 ?? null,
      risk,
    })),
    warnings: found.warnings,
  };
}

function toModelView(model: HubModel) {
  return {
    id: model.id,
    gated: model.gated,
    private: model.isPrivate,
    downloads: model.downloads ?? null,
    likes: model.likes ?? null,
    task: model.task ?? null,
    library: model.library ?? null,
    license: model.license ?? null,
    parameters: model.parameters ?? null,
    updated_at: model.updatedAt ?? null,
  };
}
