import { type Command, Option } from "commander";
import type { LoggedRequest, RequestQuestion } from "../requests.ts";
import type { CliContext } from "./context.ts";
import { toCount } from "./count.ts";
import { formatExplanation } from "./explanation.ts";
import { exitCodes } from "./exit-code.ts";
import { type Output, printRows, toPrintable } from "./output.ts";

interface RequestOptions extends Omit<RequestQuestion, "error_code" | "min_duration_ms"> {
  readonly errorCode?: string;
  readonly minDuration?: number;
  readonly follow?: boolean;
}

/** `llmp requests` and `llmp explain`. */
export function addRequestCommands(program: Command, context: CliContext): void {
  program
    .command("requests")
    .description("calls of models as they were made, the latest first")
    .option("--from <time>", "begin, as 2026-01-31T00:00:00Z")
    .option("--until <time>", "end")
    .option("--model <name>", "only of this model")
    .option("--integration <name>", "only over this integration")
    .option("--principal <name>", "only of this key")
    .option("--user <id>", "only of this user's keys")
    .option("--team <id>", "only of this team's users")
    .addOption(
      new Option("--status <word>", "only those that ended so").choices([
        "ok",
        "failed",
        "refused",
        "cancelled",
      ]),
    )
    .option("--error-code <code>", "only those that ended with this error")
    .option("--min-duration <ms>", "only those that took as long", toCount)
    .option("--search <text>", "the beginning of an id, or a part of a model's or a key's name")
    .addOption(new Option("--sort <by>", "the largest first").choices(["time", "duration", "cost"]))
    .option("--limit <count>", "how many", toCount, 50)
    .option("--follow", "show calls as they end, until Ctrl-C")
    .action(async ({ errorCode, minDuration, follow, ...options }: RequestOptions) => {
      const question = { ...options, error_code: errorCode, min_duration_ms: minDuration };
      if (follow === true) await followRequests(context, question);
      else await listRequests(context.output(), await context.client().requests(question));
    });
  program
    .command("explain <request>")
    .description("why a call went where it went, where its time was spent, what it cost and how it ended")
    .option("--content", "show as well what was asked and answered, where it was kept; that is put on record")
    .action(async (id: string, { content }: { readonly content?: boolean }) => {
      const output = context.output();
      const explanation = await context.client().explainRequest(id);
      const kept = content === true ? await context.client().callContent(id) : undefined;
      if (output.format === "json") {
        output.out(`${JSON.stringify({ ...explanation, ...(kept && { content: kept }) }, null, 2)}\n`);
        return;
      }
      output.out(formatExplanation(explanation));
      if (kept !== undefined)
        output.out(
          `\nasked:\n${toPrintable(kept.request.text)}\nanswered:\n${toPrintable(kept.reply?.text ?? "-")}\n`,
        );
    });
}

const titles = [
  "ENDED",
  "ID",
  "STATUS",
  "BY",
  "MODEL",
  "WENT TO",
  "TRIES",
  "MS",
  "FIRST",
  "IN",
  "OUT",
  "COST",
  "WHY",
];

async function listRequests(
  output: Output,
  page: {
    readonly requests: readonly LoggedRequest[];
    readonly next_cursor: string | null;
    readonly searched_from: string | null;
  },
): Promise<void> {
  printRows(output, page, [titles, ...page.requests.map(toRow)]);
  if (output.format === "json") return;
  if (page.searched_from !== null) output.err(`sorted are the calls since ${page.searched_from}\n`);
  else if (page.next_cursor !== null) output.err("there are more: say --limit, or --until\n");
}

/** Rows as they come, under one head. */
async function followRequests(context: CliContext, question: RequestQuestion): Promise<void> {
  const output = context.output();
  const abort = new AbortController();
  const interrupt = (): void => abort.abort();
  process.once("SIGINT", interrupt);
  const { model, integration, principal, status, error_code, min_duration_ms } = question;
  const asked = { model, integration, principal, status, error_code, min_duration_ms };
  try {
    for await (const request of context.client().followRequests(asked, abort.signal))
      await output.whole(output.format === "json" ? `${JSON.stringify(request)}\n` : toLine(request));
  } finally {
    process.off("SIGINT", interrupt);
  }
  if (abort.signal.aborted) context.fail(exitCodes.interrupted);
}

/** A row of its own, wide enough for most. */
function toLine(request: LoggedRequest): string {
  const widths = [24, 40, 9, 16, 24, 32, 2, 8, 8, 7, 7, 14, 1];
  const cells = toRow(request).map((cell, column) => toPrintable(cell).padEnd(widths[column] ?? 1));
  return `${cells.join(" ").trimEnd()}\n`;
}

function toRow(request: LoggedRequest): readonly string[] {
  const { started_at, duration_ms, integration, upstream_model, first_byte_ms } = request;
  return [
    new Date(Date.parse(started_at) + duration_ms).toISOString(),
    request.id,
    request.status,
    request.principal,
    request.requested_model,
    integration === null ? "-" : `${integration}/${upstream_model ?? ""}`,
    String(request.attempt_count),
    String(duration_ms),
    first_byte_ms === null ? "-" : String(first_byte_ms),
    String(request.input_tokens),
    String(request.output_tokens),
    formatCost(request),
    request.error_code ?? "",
  ];
}

/** What has no price is not free. */
function formatCost({ costs, unpriced_attempts }: LoggedRequest): string {
  const known = costs.map(
    ({ currency, cost_micros }) => `${(cost_micros / 1_000_000).toFixed(6)} ${currency}`,
  );
  return [...known, ...(unpriced_attempts > 0 ? ["?"] : [])].join(" + ") || "-";
}
