import type { IntegrationType } from "../config.ts";
import { PlatformError } from "../errors.ts";
import type { Health } from "../health.ts";
import type { IntegrationContext, IntegrationDefinition, RunningIntegration } from "../integration.ts";
import type { ModelPlatform } from "../model-platform.ts";
import type { SettingsSchema } from "../settings.ts";

/** What the next steps of a scripted integration do. `hang` never returns by itself and ignores its signal. */
export interface Script {
  start: "ok" | "fail" | "auth" | "hang";
  health: "ok" | "degraded" | "fail" | "throw" | "auth" | "hang";
  stop: "ok" | "fail" | "hang";
}

export interface ScriptedSettings {
  readonly [key: string]: string | number | boolean;
}

export interface ScriptedInput {
  /** Default `scripted`. */
  readonly id?: string;
  /** Default `service`. */
  readonly type?: IntegrationType;
  readonly dependencies?: readonly string[];
  readonly models?: ModelPlatform;
}

/** A real integration whose steps a test decides, and which remembers what was asked of it. */
export interface ScriptedIntegration {
  readonly definition: IntegrationDefinition<ScriptedSettings>;
  /** Steps of every instance without a script of its own. Change it at any time. */
  readonly script: Script;
  /** Gives one name its own steps. */
  scriptFor(name: string): Script;
  /** `start a`, `started a`, `health a`, `stop a`, `stopped a`, in the order they happened. */
  readonly steps: readonly string[];
  /** Instances of `name` that have started and not been asked to stop. */
  openCount(name: string): number;
  /** The context that the latest start of `name` got. */
  contextOf(name: string): IntegrationContext<ScriptedSettings> | undefined;
  /** Lets every step that hangs return now, well. */
  releaseHangs(): void;
}

/** Makes a scripted integration; every step goes well until its script says otherwise. */
export function createScriptedIntegration(input: ScriptedInput = {}): ScriptedIntegration {
  const script: Script = { start: "ok", health: "ok", stop: "ok" };
  const scripts = new Map<string, Script>();
  const steps: string[] = [];
  const open = new Map<string, number>();
  const contexts = new Map<string, IntegrationContext<ScriptedSettings>>();
  let hangs: (() => void)[] = [];

  const stepsOf = (name: string): Script => scripts.get(name) ?? script;
  const hang = (): Promise<void> => new Promise((resolve) => void hangs.push(resolve));

  async function start(context: IntegrationContext<ScriptedSettings>): Promise<RunningIntegration> {
    const { name } = context;
    steps.push(`start ${name}`);
    contexts.set(name, context);
    const step = stepsOf(name).start;
    if (step === "fail") throw new PlatformError("unavailable", "The script says that it cannot start.");
    if (step === "auth") throw new PlatformError("upstream_auth", "The script refuses the credential.");
    if (step === "hang") await hang();
    steps.push(`started ${name}`);
    open.set(name, (open.get(name) ?? 0) + 1);
    return {
      ...(input.models === undefined ? {} : { models: input.models }),
      health: () => probe(name),
      stop: () => stop(name),
    };
  }

  async function probe(name: string): Promise<Health> {
    steps.push(`health ${name}`);
    const step = stepsOf(name).health;
    if (step === "hang") await hang();
    if (step === "throw") throw new Error("secret text of the script");
    return toHealth(step);
  }

  async function stop(name: string): Promise<void> {
    steps.push(`stop ${name}`);
    open.set(name, (open.get(name) ?? 0) - 1);
    const step = stepsOf(name).stop;
    if (step === "fail") throw new Error("The script says that it cannot stop.");
    if (step === "hang") await hang();
    steps.push(`stopped ${name}`);
  }

  const { id = "scripted", type = "service", dependencies } = input;
  return {
    definition: {
      contract: 1,
      id,
      type,
      summary: "Does what a test tells it",
      settings: scriptedSettings,
      ...(dependencies === undefined ? {} : { dependencies }),
      start,
    },
    script,
    scriptFor(name) {
      const own = scripts.get(name) ?? { ...script };
      scripts.set(name, own);
      return own;
    },
    steps,
    openCount: (name) => open.get(name) ?? 0,
    contextOf: (name) => contexts.get(name),
    releaseHangs() {
      const released = hangs;
      hangs = [];
      for (const release of released) release();
    },
  };
}

function toHealth(step: Script["health"]): Health {
  switch (step) {
    case "degraded":
      return { status: "degraded", detail: "The script works with a loss." };
    case "fail":
      return { status: "failed", detail: "The script is not well." };
    case "auth":
      return {
        status: "auth_required",
        detail: "The script refuses the credential.",
      };
    default:
      return { status: "ok" };
  }
}

/** Takes any flat settings but `invalid`, and as many problems as it has letters. */
const scriptedSettings: SettingsSchema<ScriptedSettings> = {
  schema: {
    "~standard": {
      version: 1,
      vendor: "llm-platform",
      validate(value) {
        if (!isFlat(value))
          return {
            issues: [{ message: "must be an object of texts, numbers and booleans" }],
          };
        const invalid = typeof value.invalid === "string" ? value.invalid.split("") : [];
        if (invalid.length === 0) return { value };
        return {
          issues: invalid.map((key) => ({
            message: "is not valid",
            path: [key],
          })),
        };
      },
    },
  },
  jsonSchema: {
    type: "object",
    additionalProperties: { type: ["string", "number", "boolean"] },
  },
};

function isFlat(value: unknown): value is ScriptedSettings {
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).every((part) => ["string", "number", "boolean"].includes(typeof part));
}
