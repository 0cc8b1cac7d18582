import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";

function read(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
}

test("tasks and launches of the editor name scripts and programs that are there", () => {
  const { scripts } = JSON.parse(read("package.json"));
  const { tasks } = JSON.parse(read(".vscode/tasks.json"));
  const named = tasks.flatMap(({ script }: { readonly script?: string }) =>
    script === undefined ? [] : [script],
  );
  expect(named.length).toBeGreaterThan(0);
  expect(Object.keys(scripts)).toEqual(expect.arrayContaining(named));
  const { configurations } = JSON.parse(read(".vscode/launch.json"));
  const labels = tasks.map(({ label }: { readonly label: string }) => label);
  for (const { preLaunchTask } of configurations) expect([undefined, ...labels]).toContain(preLaunchTask);
  const { "yaml.schemas": schemas } = JSON.parse(read(".vscode/settings.json"));
  for (const path of Object.keys(schemas)) expect(() => read(path)).not.toThrow();
});

test("the container for development is that of the compose file, and recommends the same extensions", () => {
  const container = JSON.parse(read(".devcontainer/devcontainer.json"));
  expect(container.image).toBe(parse(read("docker-compose.dev.yml")).services.platform.image);
  const { recommendations } = JSON.parse(read(".vscode/extensions.json"));
  expect(container.customizations.vscode.extensions).toEqual(recommendations);
});
