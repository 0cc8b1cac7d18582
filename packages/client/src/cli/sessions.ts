import type { Command } from "commander";
import type { OperationOutput } from "../operation-calls.ts";
import type { CliContext } from "./context.ts";
import { type Output, printRows } from "./output.ts";

type Session = OperationOutput<"sessions.list">["sessions"][number];

/** As many as one answer may have. */
const mostSessions = 1_000;

/** `llmp sessions …`. */
export function addSessionCommands(program: Command, context: CliContext): void {
  const sessions = program.command("sessions").description("logins that go on");
  sessions
    .command("list")
    .alias("ls")
    .description("list them")
    .option("--user <id>", "only those of one user")
    .action(async ({ user }: { readonly user?: string }) => {
      const { sessions: shown } = await context
        .client()
        .run("sessions.list", { ...(user === undefined ? {} : { user }), limit: mostSessions });
      printSessions(context.output(), shown);
    });
  sessions
    .command("end <id>")
    .description("end one; its tokens are dead at once")
    .action(async (id: string) =>
      printSessions(context.output(), await context.client().run("sessions.end", { id })),
    );
}

function printSessions(output: Output, shown: Session | readonly Session[]): void {
  const rows = [shown].flat().map((each) => [each.id, each.user, each.created_at, each.expires_at]);
  printRows(output, shown, [["ID", "USER", "SINCE", "UNTIL"], ...rows]);
}
