import type { Command } from "commander";
import { smoke } from "../smoke/smoke.ts";
import type { CliContext } from "./context.ts";
import { exitCodes } from "./exit-code.ts";
import { printRows, toPrintable } from "./output.ts";

interface SmokeFlags {
  readonly key?: string;
  readonly model?: string;
  readonly metricsUrl?: string;
  readonly grpcUrl?: string;
  readonly json?: boolean;
}

/** `llmp smoke`: looks at a deployment from outside, as its clients see it. */
export function addSmokeCommand(program: Command, context: CliContext): void {
  program
    .command("smoke")
    .description(
      "verify a deployment: everything that commonly goes wrong between its clients and the server",
    )
    .option("--key <key>", "API key of an admin (LLM_PLATFORM_API_KEY)")
    .option("--model <model>", "which model is asked (default: the first that can chat)")
    .option("--metrics-url <address>", "where /metrics is, when it has a port of its own")
    .option("--grpc-url <address>", "where gRPC is, like http://127.0.0.1:50051")
    .option("--json", "print the findings as JSON, as --output json does")
    .action(async ({ key, json = false, ...options }: SmokeFlags) => {
      const { version } = await import("@llm-platform/server");
      const target = await context.target();
      const credential = key ?? target.credential;
      const findings = await smoke({ ...target, credential }, { ...options, version, nowMs: Date.now });
      const output = context.output();
      const rows = findings.map(({ check, verdict, detail }) => [verdict, check, detail]);
      printRows(json ? { ...output, format: "json" } : output, findings, [
        ["RESULT", "CHECK", "DETAIL"],
        ...rows,
      ]);
      const bad = findings.filter(({ verdict }) => verdict === "failed");
      output.err(
        toPrintable(
          bad.length === 0
            ? `${findings.length} checks, none failed`
            : `${findings.length} checks, failed: ${bad.map(({ check }) => check).join(", ")}`,
        ) + "\n",
      );
      if (bad.length > 0) context.fail(exitCodes.failed);
    });
}
