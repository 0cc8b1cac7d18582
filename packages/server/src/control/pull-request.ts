import { PlatformError } from "@llm-platform/kit";
import { z } from "zod";
import { pullKinds, type PullRequest } from "../core/pull.ts";
import type { OperationContext } from "./operation.ts";

/** A name of a model file: what a folder can hold on every system, and nothing that leads out of one. */
const modelName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/,
    "must be 1 to 128 letters, digits, dots, dashes or underscores",
  );

/** What a caller says of a pull. */
export const pullRequestFields = {
  kind: z
    .enum(pullKinds)
    .describe(
      "`ollama` has an Ollama server fetch it; `huggingface` fetches a file of a repository, `url` that of an address, and `file` takes over one of the server's machine.",
    ),
  source: z
    .string()
    .min(1)
    .max(2_048)
    .describe("The model, the repository as owner/name, the address, or the path."),
  integration: z
    .string()
    .max(128)
    .optional()
    .describe("Which integration of the kind. Default: the one of the kind's name."),
  revision: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,199}$/, "must be a branch, tag or commit")
    .optional()
    .describe("Branch, tag or commit of a repository. Default: main."),
  file: z.string().min(1).max(512).optional().describe("One file of a repository."),
  quantization: z
    .string()
    .regex(/^[A-Za-z0-9_]{1,32}$/, "must be like Q4_K_M")
    .optional()
    .describe("Which of a repository's files, as Q4_K_M. Default: the largest that fits into the memory."),
  name: modelName.optional().describe("Name of the model here. Default: that of its file."),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, "must be 64 hexadecimal digits")
    .optional()
    .describe("What the file must be. Repositories say it themselves."),
  load: z.boolean().default(false).describe("Whether the model is brought into memory at the end."),
};

type PullInput = z.output<z.ZodObject<typeof pullRequestFields>>;

/** Kinds that reach what no integration's settings name. */
const importedKinds = ["url", "file"];
/** What only files of a repository have. */
const repositoryFields = ["revision", "file", "quantization"] as const;

/** Throws PlatformError `forbidden` for a kind that the caller may not use, and `invalid_request` for fields of another kind. */
export function checkPullRequest(input: PullInput, context: OperationContext): void {
  const { kind } = input;
  if (importedKinds.includes(kind)) context.auditor.require(context, "pulls.start", "models.import");
  const misplaced =
    kind === "huggingface" ? [] : repositoryFields.filter((name) => input[name] !== undefined);
  const foreign = kind === "ollama" && input.sha256 !== undefined ? "sha256" : misplaced[0];
  if (foreign !== undefined)
    throw new PlatformError(
      "invalid_request",
      `\`${foreign}\` means nothing for a pull of the kind ${kind}. Leave it out.`,
      {
        field: foreign,
      },
    );
}

export function toPullRequest(input: PullInput): PullRequest {
  const isOfIntegration = !importedKinds.includes(input.kind);
  return { ...input, integration: isOfIntegration ? (input.integration ?? input.kind) : "" };
}
