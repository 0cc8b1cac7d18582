import type { AlertNotice } from "@llm-platform/kit";
import { z } from "zod";
import type { Permission } from "../core/permissions.ts";
import type { Manager } from "../manager/manager.ts";
import type { IntegrationStatus } from "../manager/status.ts";
import { defineOperation, type Operation } from "./operation.ts";

export interface RepairParts {
  readonly manager: Pick<Manager, "list">;
  /** Alerts that this server itself finds to fire now. */
  firing(): readonly AlertNotice[];
  /** Keys that end by then and are still good, by name. Rejects with PlatformError `unavailable`. */
  keysEndingBy(untilMs: number): Promise<readonly EndingKey[]>;
  /** Names of models that used tokens whose price is not known, lately. */
  unpricedModels(): Promise<readonly string[]>;
  /** Models whose file is not what can be trusted, with the verdict. */
  doubtfulModels(): readonly { readonly id: string; readonly verdict: string }[];
  /** Wall time. */
  nowMs(): number;
}

export interface EndingKey {
  readonly id: string;
  readonly name: string;
  readonly expiresAtMs: number;
}

const repair = z.object({
  id: z.string().describe("The same as long as the same is wrong."),
  severity: z.enum(["critical", "error", "warning"]),
  subject: z.object({ type: z.string(), name: z.string() }),
  sentence: z.string().describe("What is wrong, and what to do."),
  since: z.string().nullable(),
  page: z.string().nullable().describe("Of the console, below /console."),
  learn_more: z.string().nullable(),
  fix: z
    .object({ operation: z.string(), input: z.record(z.string(), z.string()) })
    .nullable()
    .describe("An operation that may put it right."),
});
type Repair = z.output<typeof repair>;

const keyNoticeMs = 7 * 86_400_000;
const severities = ["critical", "error", "warning"] as const;
const mostNamed = 3;

/** What somebody should look at, found from how everything is now. Nothing is kept: what is mended is gone. */
export function repairOperations(parts: RepairParts): readonly Operation[] {
  return [
    defineOperation({
      name: "system.repairs",
      summary:
        "What is wrong now or soon, the worst first, each with what to do and, where there is one, an operation that does it.",
      permission: "system.read",
      rest: { method: "GET", path: "/api/v1/system/repairs" },
      input: z.strictObject({}),
      output: z.object({ repairs: z.array(repair).readonly() }),
      run: async (_input, { principal }) => {
        const may = (permission: Permission) => principal.permissions.has(permission);
        const integrations = may("integrations.read") ? parts.manager.list().flatMap(ofIntegration) : [];
        const named = new Set(integrations.map(({ subject }) => subject.name));
        const found = [
          ...integrations,
          ...(may("integrations.read") ? ofAlerts(parts.firing(), named) : []),
          ...(may("keys.read") ? await ofKeys(parts) : []),
          ...(may("prices.read") ? ofPrices(await parts.unpricedModels()) : []),
          ...(may("models.read") ? parts.doubtfulModels().map(ofModel) : []),
        ];
        const rank = ({ severity }: Repair) => severities.indexOf(severity);
        return { repairs: found.toSorted((one, other) => rank(one) - rank(other)) };
      },
    }),
  ];
}

function ofIntegration(status: IntegrationStatus): readonly Repair[] {
  const { name, state, reason, since, config_problem } = status;
  const base = {
    subject: { type: "integration", name },
    since,
    page: `/integrations/${encodeURIComponent(name)}`,
    learn_more: null,
  };
  const restart = { operation: "integrations.restart", input: { name } };
  const because = reason === null ? "" : ` ${reason}`;
  const found: Repair[] = [];
  if (state === "auth_required")
    found.push({
      ...base,
      id: `integration.auth_required.${name}`,
      severity: "error",
      sentence: `${name} wants another credential. Write it into its settings.${because}`,
      fix: null,
    });
  if (state === "error" || state === "degraded" || state === "retrying")
    found.push({
      ...base,
      id: `integration.${state}.${name}`,
      severity: state === "error" ? "error" : "warning",
      sentence: `${name} does not work as it should.${because}`,
      fix: restart,
    });
  if (config_problem !== null)
    found.push({
      ...base,
      id: `integration.config_problem.${name}`,
      severity: "warning",
      sentence: `A change of ${name} is not in force on this server. ${config_problem}`,
      fix: restart,
    });
  return found;
}

/** Alerts about an integration say again what its state says. */
function ofAlerts(firing: readonly AlertNotice[], named: ReadonlySet<string>): readonly Repair[] {
  return firing
    .filter(({ labels }) => !named.has(labels["integration"] ?? labels["provider"] ?? ""))
    .map(({ name, labels, severity, description, runbookUrl, startedAtMs }) => ({
      id: `alert.${name}.${JSON.stringify(labels)}`,
      severity: severity === "critical" ? "critical" : "warning",
      subject: { type: "alert", name },
      sentence: description,
      since: new Date(startedAtMs).toISOString(),
      page: "/alerts",
      learn_more: runbookUrl,
      fix: null,
    }));
}

async function ofKeys({ keysEndingBy, nowMs }: RepairParts): Promise<readonly Repair[]> {
  const keys = await keysEndingBy(nowMs() + keyNoticeMs);
  return keys.map(({ id, name, expiresAtMs }) => ({
    id: `key.ends.${id}`,
    severity: "warning",
    subject: { type: "api_key", name },
    sentence: `The key ${name} ends on ${new Date(expiresAtMs).toISOString().slice(0, 10)}. Change its end, or give whoever uses it another.`,
    since: null,
    page: "/keys",
    learn_more: null,
    fix: null,
  }));
}

function ofPrices(models: readonly string[]): readonly Repair[] {
  if (models.length === 0) return [];
  const more = models.length > mostNamed ? ` and ${models.length - mostNamed} more` : "";
  return [
    {
      id: "prices.unknown",
      severity: "warning",
      subject: { type: "price", name: models[0] ?? "" },
      sentence: `The price of ${models.slice(0, mostNamed).join(", ")}${more} is not known: budgets and bills do not count what they cost. Set one.`,
      since: null,
      page: "/usage",
      learn_more: null,
      fix: null,
    },
  ];
}

function ofModel({ id, verdict }: { readonly id: string; readonly verdict: string }): Repair {
  return {
    id: `model.${verdict}.${id}`,
    severity: verdict === "refused" ? "error" : "warning",
    subject: { type: "model", name: id },
    sentence: `The file of ${id} is ${verdict}: it can hold more than weights. Replace it by a GGUF or safetensors file of a source that you trust.`,
    since: null,
    page: "/models",
    learn_more: null,
    fix: null,
  };
}
