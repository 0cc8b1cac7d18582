import { type Command, InvalidArgumentError, Option } from "commander";
import type { AuditFilter, AuditHead, AuditRecord, AuditVerdict } from "../audit.ts";
import { ClientError } from "../client-error.ts";
import type { CliContext } from "./context.ts";
import { toCount } from "./count.ts";
import { exitCodes, UsageError } from "./exit-code.ts";
import { type Output, printRows, toPrintable } from "./output.ts";

/** `llmp audit …`. */
export function addAuditCommands(program: Command, context: CliContext): void {
  const audit = program.command("audit").description("who changed what");
  audit
    .command("list")
    .alias("ls")
    .description("the latest records")
    .option("--actor <who>", "only of this id or name")
    .option("--operation <name>", "only of this operation, like users.update")
    .option("--target <what>", "only on this id or name")
    .option("--from <time>", "only of then or later, like 2030-01-31T00:00:00Z")
    .option("--to <time>", "only before")
    .option("--limit <count>", "how many at most (default: 100)", toCount)
    .action(async (filter: AuditFilter) =>
      printRecords(context.output(), await context.client().auditRecords(filter)),
    );
  audit
    .command("head")
    .description(
      "the last record as SEQUENCE:HASH, with CHAIN: in front where servers share a database, to be noted where nobody can change it",
    )
    .action(async () => {
      const head = await context.client().auditHead();
      const output = context.output();
      output.out(output.format === "json" ? `${JSON.stringify(head, null, 2)}\n` : `${formatHead(head)}\n`);
    });
  audit
    .command("verify")
    .description("look whether every record is as it was written; the first that is not is named")
    .option(
      "--expect <head>",
      "what `llmp audit head` said once: the log must still have that record",
      toHead,
    )
    .option("--offline", "read a data folder, without a server")
    .addOption(new Option("--data-dir <folder>", "the folder, with --offline").implies({ offline: true }))
    .action(async (options: VerifyOptions) => {
      const verdict = await verify(options, context);
      if (!verdict.ok) context.fail(exitCodes.failed);
      tellVerdict(context.output(), verdict);
    });
}

interface VerifyOptions {
  readonly expect?: AuditHead;
  readonly offline?: boolean;
  readonly dataDir?: string;
}

async function verify(
  { expect, offline = false, dataDir }: VerifyOptions,
  context: CliContext,
): Promise<AuditVerdict> {
  if (!offline) return context.client().verifyAudit(expect);
  const { checkConfiguration, verifyAuditOffline } = await import("@llm-platform/server");
  const folder = dataDir ?? (await checkConfiguration([])).dataDirectory;
  if (folder === "")
    throw new UsageError(
      "The configuration is not valid, and tells no data folder. Name it with --data-dir.",
    );
  try {
    return await verifyAuditOffline(folder, expect === undefined ? [] : [expect]);
  } catch (error) {
    // Exit code 1 is for a log that was changed; one that cannot be read must not look like it.
    const isMissing = error instanceof Error && "code" in error && error.code === "not_found";
    const message = error instanceof Error ? error.message : String(error);
    throw new ClientError(isMissing ? "not_found" : "unavailable", message, { cause: error });
  }
}

function tellVerdict(output: Output, verdict: AuditVerdict): void {
  if (output.format === "json") {
    output.out(`${JSON.stringify(verdict, null, 2)}\n`);
    return;
  }
  const { first_bad: bad, head, records, sinks, others, usage } = verdict;
  const kept = sinks.map(({ name, records: count }) => `${name} ${count}`).join(", ");
  if (bad === null) output.out(`ok: ${records} records (${kept}), head ${formatHead(head)}\n`);
  else
    output.out(
      toPrintable(
        `BAD: record ${bad.sequence}${ofChain(bad.chain)} (${bad.sink}): ${bad.reason}. ${bad.detail}`,
      ) + "\n",
    );
  for (const { chain, records: count, ok } of others)
    output.out(`${toPrintable(`${ok ? "ok" : "BAD"}: ${count} records${ofChain(chain)}`)}\n`);
  tellUsage(output, usage);
}

function ofChain(chain: string): string {
  return chain === "" ? "" : ` of chain ${chain}`;
}

function tellUsage(output: Output, usage: AuditVerdict["usage"]): void {
  const { seals, records, records_not_kept: gone, first_bad: bad } = usage;
  const kept = `${records} records of calls in ${seals} seals${gone === 0 ? "" : `, ${gone} not kept any more`}`;
  if (bad === null && seals > 0) output.out(`ok: ${kept}\n`);
  if (bad !== null)
    output.out(
      `BAD: records of calls ${bad.first_id} to ${bad.last_id} (seal ${bad.sequence}${ofChain(bad.chain)}): ${bad.reason}. ${bad.detail}\n`,
    );
}

function printRecords(output: Output, records: readonly AuditRecord[]): void {
  const isShared = records.some(({ chain }) => chain !== "");
  const rows = records.map((record) => [
    ...(isShared ? [record.chain] : []),
    String(record.sequence),
    record.time,
    record.actor.name,
    record.address ?? "-",
    record.operation,
    record.target?.name ?? record.target?.id ?? "-",
    record.error_code === null ? record.outcome : `${record.outcome} (${record.error_code})`,
  ]);
  printRows(output, records, [
    [...(isShared ? ["CHAIN"] : []), "SEQUENCE", "TIME", "ACTOR", "FROM", "OPERATION", "TARGET", "OUTCOME"],
    ...rows,
  ]);
}

function formatHead({ chain = "", sequence, hash }: AuditHead): string {
  return toPrintable(`${chain === "" ? "" : `${chain}:`}${sequence}:${hash}`);
}

function toHead(text: string): AuditHead {
  const [, chain, sequence, hash] = /^(?:([\w-]{1,64}):)?(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (sequence !== undefined && hash !== undefined) return { chain, sequence: Number(sequence), hash };
  throw new InvalidArgumentError(
    "It must be SEQUENCE:HASH or CHAIN:SEQUENCE:HASH, as `llmp audit head` prints it.",
  );
}
