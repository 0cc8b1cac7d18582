import { resolve } from "node:path";
import type { MadeBackup, Manifest, Restored } from "@llm-platform/server";
import type { Command } from "commander";
import { ClientError, type ClientErrorKind } from "../client-error.ts";
import type { CliContext } from "./context.ts";
import { exitCodes, UsageError } from "./exit-code.ts";
import { formatBytes, type Output, printRows } from "./output.ts";
import { createProgress, type Progress } from "./progress.ts";

interface BackupOptions {
  readonly offline?: boolean;
  readonly dataDir?: string;
}

/** `llmp backup …` and `llmp restore`. What works on files is the server's own code, loaded only for them. */
export function addBackupCommands(program: Command, context: CliContext): void {
  const backup = program
    .command("backup")
    .description("save everything that the server stores; calls go on meanwhile")
    .argument("[file]", "where to (default: a name with the time, here)")
    .option("--offline", "of a stopped server, from its data folder")
    .option("--data-dir <directory>", "with --offline: the data folder")
    .action(async (file: string | undefined, options: BackupOptions) => {
      await abortable(context, (signal, progress) => backUp(context, { file, options, signal, progress }));
    });
  backup
    .command("verify <file>")
    .description("prove that a backup can be restored: hashes, database and counts")
    .action(async (file: string) => {
      await abortable(context, async (signal, progress) => {
        const { sizeOfBackup, verifyBackup } = await import("@llm-platform/server");
        const onProgress = (done: number, total: number) => progress.update("verify", done, total);
        const manifest = await verifyBackup(file, { signal, onProgress });
        progress.end();
        tell(context.output(), { file: resolve(file), bytes: await sizeOfBackup(file), manifest });
      });
    });
  program
    .command("restore <file>")
    .description("put a backup into the data folder of a stopped server")
    .requiredOption("--data-dir <directory>", "the data folder; it must be empty")
    .option("--force", "it need not be empty: what is in it is moved aside, nothing is deleted")
    .option("--dry-run", "check everything, and only say what would be done")
    .action(async (file: string, options: { dataDir: string; force?: boolean; dryRun?: boolean }) => {
      await abortable(context, async (signal, progress) => {
        const { restoreBackup } = await import("@llm-platform/server");
        const { dataDir, force = false, dryRun = false } = options;
        const restored = await restoreBackup(
          { file, dataDirectory: dataDir, isForced: force, isDryRun: dryRun, nowMs: Date.now() },
          { signal, onProgress: (done, total) => progress.update("restore", done, total) },
        );
        progress.end();
        tellRestored(context.output(), restored, dryRun);
      });
    });
}

interface Making {
  readonly file: string | undefined;
  readonly options: BackupOptions;
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

async function backUp(context: CliContext, { file, options, signal, progress }: Making): Promise<void> {
  const { backupName } = await import("@llm-platform/server");
  const createdAtMs = Date.now();
  const target = resolve(file ?? backupName(createdAtMs));
  const { offline = false, dataDir } = options;
  if (offline !== (dataDir !== undefined))
    throw new UsageError("--offline and --data-dir belong together: a running server knows its data folder.");
  const made =
    dataDir === undefined
      ? await fetchBackup(context, target, { signal, progress })
      : await makeHere(dataDir, target, { createdAtMs, signal, progress });
  progress.end();
  tell(context.output(), made);
}

type Waiting = Pick<Making, "signal" | "progress">;
type SavedBackup = Omit<MadeBackup, "sha256"> & { readonly sha256?: string };

async function fetchBackup(
  context: CliContext,
  file: string,
  { signal, progress }: Waiting,
): Promise<SavedBackup> {
  const { receiveBackup, refuseTaken } = await import("@llm-platform/server");
  refuseTaken(file);
  const ticking = setInterval(() => progress.update("the server makes it", 0, 0), tickMs);
  try {
    const sent = await context.client().backup(signal);
    clearInterval(ticking);
    const manifest = await receiveBackup(sent, file, { signal, onProgress: progress.update });
    return { file, bytes: sent.bytes, sha256: sent.sha256, manifest };
  } finally {
    clearInterval(ticking);
  }
}

async function makeHere(
  dataDirectory: string,
  file: string,
  { createdAtMs, signal, progress }: Waiting & { readonly createdAtMs: number },
): Promise<SavedBackup> {
  const { backUpOffline, version } = await import("@llm-platform/server");
  return backUpOffline(
    { dataDirectory, file, version, createdAtMs },
    { signal, onProgress: progress.update },
  );
}

const tickMs = 1_000;

/** Runs something that Ctrl-C ends in order, with what the server's own code throws in words of the command line. */
async function abortable(
  context: CliContext,
  action: (signal: AbortSignal, progress: Progress) => Promise<void>,
): Promise<void> {
  const { PlatformError } = await import("@llm-platform/server");
  const abort = new AbortController();
  const interrupt = () => abort.abort();
  process.once("SIGINT", interrupt);
  const progress = createProgress({
    output: context.output(),
    isTerminal: process.stderr.isTTY === true,
    nowMs: () => performance.now(),
  });
  try {
    await action(abort.signal, progress);
  } catch (error) {
    progress.end();
    if (abort.signal.aborted) {
      context.fail(exitCodes.interrupted);
      return;
    }
    if (!(error instanceof PlatformError)) throw error;
    throw new ClientError(kinds[error.code] ?? "failed", error.message, { code: error.code, cause: error });
  } finally {
    process.off("SIGINT", interrupt);
  }
}

/** What of the server's own codes has an exit code of its own. */
const kinds: Readonly<Record<string, ClientErrorKind>> = {
  not_found: "not_found",
  unavailable: "unavailable",
};

function tell(output: Output, { file, bytes, sha256, manifest }: SavedBackup): void {
  const facts = {
    file,
    bytes,
    ...(sha256 === undefined ? {} : { sha256 }),
    version: manifest.version,
    created_at: manifest.created_at,
    tables: manifest.tables,
    master_key_ids: manifest.master_key_ids,
    models: manifest.models,
  };
  printRows(output, facts, [
    ["KEY", "VALUE"],
    ["file", file],
    ["bytes", String(bytes)],
    ...(sha256 === undefined ? [] : [["sha256", sha256]]),
    ...rowsOf(manifest),
  ]);
  if (manifest.master_key_ids.length > 0)
    output.err(`keep the master key apart from it: ${manifest.master_key_ids.join(", ")}\n`);
}

function rowsOf({ version, created_at, files, tables, master_key_ids, models }: Manifest): string[][] {
  const modelBytes = models.reduce((sum, { bytes }) => sum + bytes, 0);
  return [
    ["version", version],
    ["created_at", created_at],
    ["files", String(files.length)],
    ...Object.entries(tables).map(([table, rows]) => [`rows of ${table}`, String(rows)]),
    ["master_key_ids", master_key_ids.join(",") || "-"],
    ["models left out", models.length === 0 ? "-" : `${models.length} (${formatBytes(modelBytes)})`],
  ];
}

function tellRestored(output: Output, restored: Restored, isDryRun: boolean): void {
  const { manifest, dataDirectory, movedTo } = restored;
  const facts = {
    data_dir: dataDirectory,
    dry_run: isDryRun,
    moved_to: movedTo ?? null,
    version: manifest.version,
    created_at: manifest.created_at,
    tables: manifest.tables,
    master_key_ids: manifest.master_key_ids,
    models: manifest.models,
  };
  printRows(output, facts, [
    ["KEY", "VALUE"],
    ["data_dir", dataDirectory],
    ["moved_to", movedTo ?? "-"],
    ...rowsOf(manifest),
  ]);
  if (isDryRun) output.err("nothing was changed: this was a dry run\n");
  for (const line of nextSteps(restored)) output.err(`${line}\n`);
}

/** What the new place needs beside the backup. */
function nextSteps({ manifest, dataDirectory, movedTo, keyFile }: Restored): readonly string[] {
  const ids = manifest.master_key_ids.join(", ");
  const key = resolve(dataDirectory, "master.key");
  return [
    ...(ids === ""
      ? []
      : keyFile === undefined
        ? [
            `needed next: the master key ${ids}; put it into ${key} with mode 600, or set LLM_PLATFORM_SECRETS__MASTER_KEY_FILE. Without it the server starts sealed.`,
          ]
        : [`needed next: the master key ${ids}, which was moved aside: cp -p ${keyFile} ${key}`]),
    ...(manifest.models.length === 0
      ? []
      : [
          `models are not in a backup: bring ${manifest.models.map(({ name }) => name).join(", ")} back${movedTo === undefined ? "" : ` from ${movedTo}`}`,
        ]),
  ];
}
