import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { findFreePort } from "../free-port.ts";
import { installOnce, runInstaller } from "../install.ts";
import { isOk, waitUntil } from "../ready.ts";
import { type Contestant, gatewayCore, type Place } from "./contestant.ts";

const portkeyVersion = "1.15.2";
/** As in the lock file of its repository. With newer ones that npm would choose, every streamed call answers 500. */
const pinned = { "@hono/node-server": "1.13.5", hono: "4.9.7" };

/** It listens on every address and has no setting for it; this makes it loopback and changes nothing else. */
const listenOnLoopback = `
import { Server } from "node:net";
const { listen } = Server.prototype;
Server.prototype.listen = function (port, host, ...rest) { return listen.call(this, port, host ?? "127.0.0.1", ...rest); };
`;

/** Portkey's gateway from npm, on the same Node; installed once into a folder below the system's temporary folder. */
export async function createPortkey(): Promise<Contestant> {
  const main = await installPortkey();
  return {
    name: "portkey",
    version: `${portkeyVersion} (@hono/node-server ${pinned["@hono/node-server"]}, hono ${pinned.hono})`,
    headers: (upstreamPort) => [
      "x-portkey-provider: openai",
      `x-portkey-custom-host: http://127.0.0.1:${upstreamPort}/v1`,
    ],
    start: (place) => start(main, place),
  };
}

async function start(main: string, { processes, folder }: Place) {
  const port = await findFreePort();
  const preload = `data:text/javascript,${encodeURIComponent(listenOnLoopback)}`;
  const running = processes.start({
    name: "portkey",
    cores: [gatewayCore],
    command: [process.execPath, "--import", preload, main, "--headless", `--port=${port}`],
    env: { NODE_ENV: "production" },
    logFile: join(folder, "portkey.log"),
  });
  await waitUntil(running, () => isOk(`http://127.0.0.1:${port}/`, {}));
  return { port, process: running };
}

/** @returns the path of its entry file */
async function installPortkey(): Promise<string> {
  const pins = Object.values(pinned).join("-");
  const folder = await installOnce(`portkey-${portkeyVersion}-${pins}`, async (unfinished) => {
    const dependencies = { "@portkey-ai/gateway": portkeyVersion };
    const manifest = { private: true, dependencies, overrides: pinned };
    await writeFile(join(unfinished, "package.json"), JSON.stringify(manifest));
    runInstaller(["npm", "install", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund"], {
      cwd: unfinished,
      failure: `@portkey-ai/gateway ${portkeyVersion} could not be installed from npm`,
    });
  });
  return join(folder, "node_modules/@portkey-ai/gateway/build/start-server.js");
}
