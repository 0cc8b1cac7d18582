import { isDeepStrictEqual } from "node:util";
import type { FoundServer, IntegrationConfig, Log } from "@llm-platform/kit";
import type { Manager } from "./manager/manager.ts";

type DiscoveryManager = Pick<
  Manager,
  "list" | "config" | "running" | "add" | "remove" | "onChange" | "onDraft"
>;

/** A server that was found, and who found it. */
interface Held {
  readonly finder: string;
  readonly server: FoundServer;
}

/**
 * Runs an integration for each model server that another integration has found, for as long as that one says that it is
 * there. While the finder does not run its servers stay, for that their list cannot be read says nothing of them; they go when
 * somebody disables it.
 */
export function followDiscovery(manager: DiscoveryManager, log: Log): void {
  const held = new Map<string, Held>();
  /** Names of those that were added: another integration of that name may be there. */
  const added = new Set<string>();
  const turns = new Map<string, Promise<void>>();

  function look(): void {
    const wanted = findWanted(manager, held);
    for (const [name, each] of held)
      if (!isDeepStrictEqual(wanted.get(name)?.server, each.server)) letGo(name);
    for (const [name, each] of wanted) if (!held.has(name)) take(name, each);
  }

  function letGo(name: string): void {
    held.delete(name);
    inTurn(name, async () => {
      if (!added.delete(name)) return;
      log.info("discovery.server_gone", { integration: name });
      manager.remove(name);
    });
  }

  function take(name: string, each: Held): void {
    held.set(name, each);
    inTurn(name, async () => {
      log.info("discovery.server_found", { integration: name, finder: each.finder });
      try {
        await manager.add(toConfig(each.server, manager.config(each.finder)));
        added.add(name);
      } catch (error) {
        // It is tried again when the next change is looked at.
        if (held.get(name) === each) held.delete(name);
        throw error;
      }
    });
  }

  /** A first try takes as long as it takes the server: others do not wait for it, but what comes next of the same name does. */
  function inTurn(name: string, act: () => Promise<void>): void {
    const turn = (turns.get(name) ?? Promise.resolve())
      .then(act)
      .catch((error: unknown) => log.warn("discovery.failed", { integration: name, error }))
      .finally(() => {
        if (turns.get(name) === turn) turns.delete(name);
      });
    turns.set(name, turn);
  }

  manager.onDraft(({ type }) => {
    if (type === "servers.changed") look();
  });
  manager.onChange(({ name, state }) => {
    const isFinder = manager.running(name)?.discovery !== undefined;
    if (isFinder || (state === "disabled" && [...held.values()].some(({ finder }) => finder === name)))
      look();
  });
}

function findWanted(manager: DiscoveryManager, held: ReadonlyMap<string, Held>): ReadonlyMap<string, Held> {
  const wanted = new Map<string, Held>();
  for (const { name: finder, state } of manager.list()) {
    const discovery = manager.running(finder)?.discovery;
    if (discovery !== undefined)
      for (const server of discovery.servers()) wanted.set(server.name, { finder, server });
    else if (state !== "disabled")
      for (const [name, each] of held) if (each.finder === finder) wanted.set(name, each);
  }
  return wanted;
}

/** It is looked at, tried again and preferred as its finder is, and may reach what that may. */
function toConfig(server: FoundServer, finder: IntegrationConfig): IntegrationConfig {
  const { name, use, settings } = server;
  return { ...finder, name, type: "model_platform", use, dependencies: [], settings };
}
