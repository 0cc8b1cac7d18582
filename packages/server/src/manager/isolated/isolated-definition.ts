import {
  type Health,
  type IntegrationContext,
  type IntegrationDefinition,
  PlatformError,
  type StandardResult,
} from "@llm-platform/kit";
import { definitionProblems, isDefinition } from "../catalogue.ts";
import type { ExitingIntegration } from "./exiting.ts";
import { type GuestProcess, spawnGuest } from "./guest-process.ts";
import { createHostHandlers } from "./host-handlers.ts";

/** How long a process may take to describe a definition or to check settings. */
const questionLimitMs = 10_000;

/** Settings as the platform holds them for a process of its own. */
interface IsolatedSettings {
  /** What the user wrote; the process makes its own settings of it. */
  readonly written: unknown;
  /** What its schema makes of that, secrets blotted out: its addresses may be reached. */
  readonly validated: unknown;
}

/**
 * Makes a definition of a module that is never imported by this process: each instance, and each question
 * about it, has a process of its own. Model platforms are refused.
 * Rejects with PlatformError `config_invalid` when the module holds no definition that the platform can use.
 */
export async function loadIsolatedDefinition(use: string, entry: URL): Promise<IntegrationDefinition> {
  const description = await ask({ entry, method: "describe", args: [] }).catch((error: unknown) => {
    const reason = error instanceof PlatformError ? error.message : "cannot be imported; the log says why";
    throw refuse(use, reason, error);
  });
  const plain = isRecord(description) ? description : {};
  const definition: unknown = {
    ...withoutUndefined(plain),
    settings: { jsonSchema: plain.jsonSchema, schema: createSchema(entry) },
    start: (context: IntegrationContext<IsolatedSettings>) => startIsolated(entry, context),
  };
  if (!isDefinition(definition)) throw refuse(use, definitionProblems(definition).join("; "));
  if (definition.type === "model_platform") {
    throw refuse(use, "is a model platform, which cannot run in a process of its own yet");
  }
  return definition;
}

function createSchema(entry: URL) {
  return {
    "~standard": {
      version: 1,
      vendor: "llm-platform",
      async validate(written: unknown): Promise<StandardResult<IsolatedSettings>> {
        const result = await ask({ entry, method: "validate", args: [written] });
        if (!isRecord(result)) return { issues: [{ message: "the package checked nothing" }] };
        const { issues } = result;
        if (!Array.isArray(issues)) return { value: { written, validated: result.value } };
        return { issues: issues.map(({ message, path }) => ({ message: String(message), path })) };
      },
    },
  } as const;
}

interface Question {
  readonly entry: URL;
  readonly method: string;
  readonly args: readonly unknown[];
}

/** Asks one thing of a process that lives no longer than that. */
async function ask({ entry, method, args }: Question): Promise<unknown> {
  const guest = spawnGuest({ entry, handlers: {}, timeoutMs: questionLimitMs });
  try {
    return await guest.peer.call(method, args);
  } finally {
    guest.kill();
    await guest.exited;
  }
}

async function startIsolated(
  entry: URL,
  context: IntegrationContext<IsolatedSettings>,
): Promise<ExitingIntegration> {
  const { name, dataDirectory, settings, signal, log } = context;
  const guest = spawnGuest({ entry, dataDirectory, handlers: createHostHandlers(context) });
  const end = (): void => guest.kill();
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  let isStopping = false;
  void guest.exited.then((reason) => {
    signal.removeEventListener("abort", end);
    if (!isStopping) log.error("integration.process_ended", { name, reason, printed: guest.printed });
  });
  try {
    await guest.peer.call("start", [name, dataDirectory, settings.written]);
  } catch (error) {
    isStopping = true;
    await letGo(guest);
    throw error;
  }
  return {
    exited: guest.exited,
    health: async (healthSignal) => toHealth(await guest.peer.call("health", [], healthSignal)),
    async stop(stopSignal) {
      isStopping = true;
      stopSignal.addEventListener("abort", end, { once: true });
      try {
        await guest.peer.call("stop", [], stopSignal);
      } finally {
        await letGo(guest);
      }
    },
  };
}

async function letGo(guest: GuestProcess): Promise<void> {
  guest.kill();
  await guest.exited;
}

function toHealth(value: unknown): Health {
  const { status, detail } = isRecord(value) ? value : {};
  const known =
    (["ok", "degraded", "failed", "auth_required"] as const).find((one) => one === status) ?? "failed";
  return typeof detail === "string" ? { status: known, detail } : { status: known };
}

function withoutUndefined(value: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function refuse(use: string, problem: string, cause?: unknown): PlatformError {
  const message = `The integration package ${use} cannot be used: ${problem.replace(/\.$/, "")}.`;
  return new PlatformError("config_invalid", message, { field: "use", cause });
}
