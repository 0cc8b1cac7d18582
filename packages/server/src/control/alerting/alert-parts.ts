import type { AlertNotice, AlertReceiver } from "@llm-platform/kit";
import type { Manager } from "../../manager/manager.ts";
import type { ActiveAlert } from "../../telemetry/alerting/alert-states.ts";
import type { AlertDispatcher } from "./alert-dispatcher.ts";

/** The alerts that the platform itself finds, and the way to those who are told. */
export interface AlertPort extends Pick<AlertDispatcher, "deliver" | "records"> {
  /** Over all replicas. */
  readonly firing: readonly AlertNotice[];
  /** Everything that holds on this server, also what does not fire yet. */
  readonly active: readonly ActiveAlert[];
  /** Whether the platform looks for alerts itself. */
  readonly isOn: boolean;
  readonly runbooksUrl: string;
}

export interface AlertOperationParts {
  readonly alerts: AlertPort;
  readonly manager: Pick<Manager, "list" | "running">;
  /** The label `job` of the platform in Prometheus. */
  job(): string;
  /** Wall time. */
  nowMs(): number;
}

/** Integrations that run and take alerts. */
export function listReceivers(
  manager: AlertOperationParts["manager"],
): readonly { readonly name: string; readonly alerts: AlertReceiver }[] {
  return manager.list().flatMap(({ name }) => {
    const alerts = manager.running(name)?.alerts;
    return alerts === undefined ? [] : [{ name, alerts }];
  });
}

/** The answers of all of them, one after the other. */
export async function askReceivers<Row>(
  manager: AlertOperationParts["manager"],
  ask: (name: string, alerts: AlertReceiver) => Promise<readonly Row[]>,
): Promise<readonly Row[]> {
  const receivers = listReceivers(manager);
  return (await Promise.all(receivers.map(({ name, alerts }) => ask(name, alerts)))).flat();
}
