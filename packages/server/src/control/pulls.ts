import { z } from "zod";
import {
  completedBytesOf,
  type Pull,
  pullKinds,
  pullPhases,
  type PullRequest,
  totalBytesOf,
} from "../core/pull.ts";
import type { TransferLimit } from "../pulls/transfer-thread.ts";
import type { PullManager } from "../pulls/pull-manager.ts";
import { defineOperation, type Operation, type OperationContext } from "./operation.ts";
import { checkPullRequest, pullRequestFields, toPullRequest } from "./pull-request.ts";

/** A pull as every protocol shows it. */
export const pullSchema = z.object({
  id: z.string(),
  kind: z.enum(pullKinds),
  source: z.string(),
  integration: z.string().nullable(),
  replica: z
    .string()
    .nullable()
    .describe(
      "Id of the server whose disk it fills, as in replica.id of its data folder; null where there is only one.",
    ),
  revision: z.string().nullable().describe("Of a repository, the commit that was found."),
  license: z.string().nullable(),
  phase: z.enum(pullPhases),
  detail: z.string().nullable().describe("What happens in the phase, or why it rests."),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  completed_bytes: z.number(),
  total_bytes: z.number().nullable(),
  bytes_per_second: z
    .number()
    .nullable()
    .describe("Over the last five seconds; null unless bytes come to the server that is asked."),
  eta_seconds: z.number().nullable(),
  files: z
    .array(
      z.object({
        name: z.string(),
        completed_bytes: z.number(),
        total_bytes: z.number().nullable(),
        sha256: z.string().nullable(),
      }),
    )
    .readonly(),
  models: z
    .array(z.string())
    .readonly()
    .describe("What can be called when it is done, as integration/model."),
  created_by: z.string(),
  created_by_name: z.string(),
  created_at: z.string(),
  updated_at: z.string(),
  finished_at: z.string().nullable(),
});

const pullId = z.strictObject({ id: z.string().min(1).max(64) });

export interface PullOperationParts {
  readonly pulls: PullManager;
  readonly limiter: TransferLimit;
}

/** Operations on pulls of models. */
export function pullOperations({ pulls, limiter }: PullOperationParts): readonly Operation[] {
  return [
    defineOperation({
      name: "pulls.start",
      summary:
        "Brings a model here, or joins the pull that does already. Addresses and files of the server's machine need the permission models.import.",
      permission: "models.write",
      rest: { method: "POST", path: "/api/v1/pulls" },
      audit: {
        target: ({ source }, output) => ({ type: "pull", id: output?.id ?? null, name: source }),
      },
      input: z.strictObject(pullRequestFields),
      output: pullSchema,
      async run(input, context) {
        checkPullRequest(input, context);
        return startPull(pulls, toPullRequest(input), context);
      },
    }),
    ...readingOperations(pulls),
    ...restingOperations(pulls),
    limitOperation(limiter),
  ];
}

/** Starts a pull for whoever calls. */
export async function startPull(
  pulls: PullManager,
  request: PullRequest,
  { principal }: OperationContext,
): Promise<z.output<typeof pullSchema>> {
  return toPullView((await pulls.start(request, principal)).pull);
}

function readingOperations(pulls: PullManager): readonly Operation[] {
  return [
    defineOperation({
      name: "pulls.list",
      summary: "Pulls of models, newest first.",
      permission: "models.read",
      rest: { method: "GET", path: "/api/v1/pulls" },
      input: z.strictObject({ limit: z.coerce.number().int().min(1).max(1_000).default(100) }),
      output: z.object({ pulls: z.array(pullSchema).readonly() }),
      run: async ({ limit }) => ({ pulls: (await pulls.list(limit)).map(toPullView) }),
    }),
    defineOperation({
      name: "pulls.get",
      summary: "One pull. As text/event-stream every change of it, until it rests.",
      permission: "models.read",
      rest: { method: "GET", path: "/api/v1/pulls/{id}" },
      input: pullId,
      output: pullSchema,
      run: async ({ id }) => toPullView(await pulls.get(id)),
    }),
  ];
}

function restingOperations(pulls: PullManager): readonly Operation[] {
  const actions = [
    ["pause", "Stops a pull so that it can go on later with what is there."],
    ["resume", "Lets a pull go on that is paused, failed or was cancelled."],
    ["cancel", "Stops a pull for good, and takes away what it has fetched."],
  ] as const;
  return actions.map(([action, summary]) =>
    defineOperation({
      name: `pulls.${action}`,
      summary,
      permission: "models.write",
      rest: { method: "POST", path: `/api/v1/pulls/{id}/${action}` },
      audit: {
        target: ({ id }) => ({ type: "pull", id, name: null }),
        nameOf: ({ id }) => sourceOf(pulls, id),
      },
      input: pullId,
      output: pullSchema,
      run: async ({ id }) => toPullView(await pulls[action](id)),
    }),
  );
}

/** Undefined of a pull that is not known here; whoever acts on it is told why. */
async function sourceOf(pulls: PullManager, id: string): Promise<string | undefined> {
  try {
    return (await pulls.get(id)).request.source;
  } catch {
    return undefined;
  }
}

function limitOperation(limiter: TransferLimit): Operation {
  const limit = z
    .number()
    .int()
    .min(1_024)
    .nullable()
    .describe("What all downloads together may take of the network; null for no limit.");
  return defineOperation({
    name: "pulls.limit",
    summary:
      "Changes how much of the network downloads of models may take, at once and until the next start.",
    permission: "models.write",
    rest: { method: "PUT", path: "/api/v1/pulls/limit" },
    audit: {
      target: () => ({ type: "platform", id: null, name: "pulls" }),
      before: () => ({ bytes_per_second: limiter.bytesPerSecond ?? null }),
    },
    input: z.strictObject({ bytes_per_second: limit }),
    output: z.object({ bytes_per_second: limit }),
    async run({ bytes_per_second }) {
      limiter.setLimit(bytes_per_second ?? undefined);
      return { bytes_per_second };
    },
  });
}

/** A pull in the words of the API. */
export function toPullView(pull: Pull): z.output<typeof pullSchema> {
  const { request, failure, files } = pull;
  const completedBytes = completedBytesOf(pull);
  const totalBytes = totalBytesOf(pull);
  return {
    id: pull.id,
    kind: request.kind,
    source: request.source,
    integration: request.integration === "" ? null : request.integration,
    replica: pull.replica === "" ? null : pull.replica,
    revision: pull.revision ?? request.revision ?? null,
    license: pull.license ?? null,
    phase: pull.phase,
    detail: pull.detail ?? null,
    error: failure ?? null,
    completed_bytes: completedBytes,
    total_bytes: totalBytes ?? null,
    bytes_per_second: pull.bytesPerSecond ?? null,
    eta_seconds: etaOf(pull.bytesPerSecond, totalBytes, completedBytes),
    files: files.map((file) => ({
      name: file.name,
      completed_bytes: file.completedBytes,
      total_bytes: file.totalBytes ?? null,
      sha256: file.sha256 ?? null,
    })),
    models: pull.models,
    created_by: pull.createdBy,
    created_by_name: pull.createdByName,
    created_at: new Date(pull.createdAtMs).toISOString(),
    updated_at: new Date(pull.updatedAtMs).toISOString(),
    finished_at: pull.finishedAtMs === undefined ? null : new Date(pull.finishedAtMs).toISOString(),
  };
}

function etaOf(perSecond: number | undefined, total: number | undefined, completed: number): number | null {
  if (perSecond === undefined || perSecond <= 0 || total === undefined) return null;
  return Math.ceil((total - completed) / perSecond);
}
