import { type ErrorCode, errorCodes, PlatformError } from "@llm-platform/kit";
import {
  ModelChangeReply,
  ModelPullProgress,
  ModelsDefinition,
  ModelShowReply,
  ModelsListReply,
} from "../generated/platform.ts";
import { type GrpcMethod, serverStream, unary } from "../method.ts";
import type { OperationTable } from "./operation-table.ts";

const service = ModelsDefinition;
const { list, show, pull, load, unload, delete: remove } = service.methods;
const base = { service, access: "known" } as const;
/** Phases in which a pull goes on by itself no more. */
const resting = new Set(["done", "failed", "cancelled", "paused"]);

/** The operations on models as methods. Each asks for its permission itself. */
export function modelMethods(table: OperationTable): readonly GrpcMethod[] {
  const listing = table.operation("models.list");
  const showing = table.operation("models.show");
  const starting = table.operation("pulls.start");
  const pulls = table.feed("pulls");
  const changes = [
    { type: load, operation: table.operation("models.load") },
    { type: unload, operation: table.operation("models.unload") },
    { type: remove, operation: table.operation("models.delete") },
  ];
  return [
    unary({
      ...base,
      type: list,
      run: async (request, context) => ModelsListReply.fromJSON(await listing.run(request, context)),
    }),
    unary({
      ...base,
      type: show,
      run: async (request, context) => ModelShowReply.fromJSON(await showing.run(request, context)),
    }),
    serverStream({
      ...base,
      type: pull,
      isEndless: true,
      async run(request, context, send) {
        const { id } = ModelPullProgress.fromJSON(await starting.run(request, context));
        for await (const { type, data } of pulls.open({ id }, context)) {
          const told = ModelPullProgress.fromJSON(type === "snapshot" ? firstOf(data["pulls"]) : data);
          await send(told);
          if (told.phase === "failed") throw toFailure(told);
          if (resting.has(told.phase ?? "")) return;
        }
      },
    }),
    ...changes.map(({ type, operation }) =>
      unary({
        ...base,
        type,
        run: async (request, context) => ModelChangeReply.fromJSON(await operation.run(request, context)),
      }),
    ),
  ];
}

function firstOf(pulls: unknown): unknown {
  return Array.isArray(pulls) ? (pulls[0] ?? {}) : {};
}

function toFailure({ error }: ModelPullProgress): PlatformError {
  const code = errorCodes.find((each): each is ErrorCode => each === error?.code);
  return new PlatformError(code ?? "unavailable", error?.message ?? "The pull failed.");
}
