import { parseArgs } from "node:util";
import type { FuzzOptions, FuzzReport } from "./fuzz-run.ts";
import { fuzzModelFiles } from "./model-file-run.ts";
import { fuzzRequests } from "./request-run.ts";
import { fuzzResponses } from "./response-run.ts";

const usage = `Usage: node test/fuzz/fuzz.ts [options]
Sends made-up bytes to the platform's own HTTP/1.1 reader and to node:http's, and compares what they make of them;
or damaged model files to their readers, which must give a verdict. Ends at the first finding, with exit code 1.
  --minutes N        default 30
  --side SIDE        request (default): how clients' requests are read; response: how upstreams' replies are;
                     model-files: how files of models are
  --seed N           default 1
`;

const sides: Readonly<Record<string, (options: FuzzOptions) => Promise<FuzzReport>>> = {
  request: fuzzRequests,
  response: fuzzResponses,
  "model-files": fuzzModelFiles,
};

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      minutes: { type: "string", default: "30" },
      side: { type: "string", default: "request" },
      seed: { type: "string", default: "1" },
      help: { type: "boolean", default: false },
    },
  });
  const fuzz = sides[values.side];
  if (values.help || fuzz === undefined) {
    process.stdout.write(usage);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  const { findings, ...figures } = await fuzz({
    seconds: Number(values.minutes) * 60,
    seed: Number(values.seed),
    onProgress: (inputs) => void process.stderr.write(`${inputs} inputs\n`),
  });
  process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
  for (const finding of findings) process.stdout.write(`finding: ${finding}\n`);
  process.stdout.write(findings.length === 0 ? "nothing found\n" : `${findings.length} findings\n`);
  process.exitCode = findings.length === 0 ? 0 : 1;
}

await main();
