import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createFakeUpstream } from "../fakes/fake-upstream.ts";
import { rootKey, withFake, withRoot } from "../e2e/identity-calls.ts";
import { startPlatform } from "../e2e/start-platform.ts";
import { runProgram } from "./run-program.ts";

/** A `helm` that notes what it is asked for, and whose releases have a history. */
function standInForHelm() {
  const folder = mkdtempSync(join(tmpdir(), "deploy-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const asked = join(folder, "asked");
  writeFileSync(asked, "");
  writeFileSync(
    join(folder, "helm"),
    `#!/bin/sh\necho "$1" >> ${asked}\nif [ "$1" = history ]; then echo '[{"revision":7}]'; fi\nif [ "$1" = rollback ]; then echo "to $3" >> ${asked}; fi\n`,
  );
  chmodSync(join(folder, "helm"), 0o755);
  return { folder, asked: () => readFileSync(asked, "utf8").trim().split("\n") };
}

test("a deployment that is verified stays, one with a fault is taken back to the revision before", {
  timeout: 120_000,
}, async () => {
  const upstream = await createFakeUpstream({ dialect: "openai" });
  onTestFinished(() => upstream.stop());
  const platform = await startPlatform({ config: withFake(upstream.origin, withRoot) });
  const deploy = (key: string, path: string) =>
    runProgram("deploy/release/deploy.sh", ["llm", "models", "production-values.yaml", platform.url], {
      env: {
        PATH: `${path}:${process.env["PATH"]}`,
        IMAGE_REPOSITORY: "registry.example.org/llm-platform",
        IMAGE_DIGEST: "sha256:abc",
        LLM_PLATFORM_API_KEY: key,
      },
    });
  const well = standInForHelm();
  const done = await deploy(rootKey, well.folder);
  expect([done.status, well.asked()], done.stdout + done.stderr).toEqual([0, ["history", "upgrade"]]);
  const ill = standInForHelm();
  const back = await deploy("wrong-key-0123456789", ill.folder);
  expect([back.status, ill.asked()]).toEqual([1, ["history", "upgrade", "rollback", "to 7"]]);
  expect(back.stderr).toMatch(/failed: key[^]*revision 7 is back/);
});
