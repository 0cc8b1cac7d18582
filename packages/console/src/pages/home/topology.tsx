import type { ReactNode } from "react";
import { Link } from "wouter";
import { Card } from "../../components/card.tsx";
import { Icon } from "../../components/icon.tsx";
import { type IntegrationStatus, stateLooks, stateMessages } from "../../components/integration-state.ts";
import type { Tone } from "../../components/state-mark.tsx";
import { useFormats } from "../../components/use-formats.ts";
import { useOperation } from "../../query/use-operation.ts";
import { useText } from "../../text/use-text.ts";
import styles from "./home.module.css";
import { homeMessages } from "./messages.ts";
import { chooseNames, edgesOf, NameNode } from "./names.tsx";
import { TopologyLines } from "./topology-lines.tsx";

/** What clients do not call models by. */
const notForClients = new Set(["console", "rest-api", "prometheus", "opentelemetry"]);
/** Breakers open and close without an event. */
const refreshMs = 15_000;

/** Which way a call goes: by an API, through the gateway by a name, over an integration, to a model; each with how it is now. */
export function Topology() {
  const say = useText(homeMessages);
  const { data } = useOperation("integrations.list", {});
  const models = useOperation("models.list", {}).data?.models ?? [];
  const loaded = useOperation("models.loaded", {}).data?.models ?? [];
  const on = (data?.integrations ?? []).filter(({ enabled }) => enabled);
  const clients = on.filter(({ type, name }) => type === "api" && !notForClients.has(name));
  const platforms = on.filter(({ type }) => type === "model_platform");
  const { data: system } = useOperation("system.info", {}, { refreshMs: 60_000 });
  const names = chooseNames(useOperation("routes.list", {}, { refreshMs }).data?.routes ?? []);
  // Behind the names of the configuration stands every other name, which leads to its own integration.
  const gateways = names.length + 1;
  const rows = Math.max(gateways, clients.length, platforms.length);
  if (data === undefined) return null;
  return (
    <Card title={say("topology")}>
      <div className={styles["topology"]}>
        <Column title={say("clients")}>
          {clients.map((status) => (
            <StatusNode key={status.name} status={status} />
          ))}
        </Column>
        <TopologyLines
          rows={rows}
          left={clients.length}
          right={gateways}
          edges={clients.map((client, from) => ({ from, to: undefined, tone: toneOf(client) }))}
        />
        <Column title={say("gateway")}>
          {names.map((route) => (
            <NameNode key={route.model} route={route} />
          ))}
          <p className={styles["node"]} data-tone="good">
            <span>{say(names.length === 0 ? "every_name" : "other_names")}</span>
            <small>{say("in_flight_now", { count: system?.requests_in_flight ?? 0 })}</small>
          </p>
        </Column>
        <TopologyLines
          rows={rows}
          left={gateways}
          right={platforms.length}
          edges={[
            ...platforms.map((platform, to) => ({ from: names.length, to, tone: toneOf(platform) })),
            ...edgesOf(
              names,
              platforms.map(({ name }) => name),
            ),
          ]}
        />
        <Column title={say("platforms")}>
          {platforms.map((status) => (
            <StatusNode key={status.name} status={status} />
          ))}
        </Column>
        <TopologyLines
          rows={rows}
          left={platforms.length}
          right={platforms.length}
          edges={platforms.map((platform, at) => ({ from: at, to: at, tone: toneOf(platform) }))}
        />
        <Column title={say("models")}>
          {platforms.map(({ name, state }) => (
            <ModelsNode
              key={name}
              tone={stateLooks[state].tone}
              own={models.filter(({ integration }) => integration === name).length}
              inMemory={loaded.filter(({ integration }) => integration === name).length}
            />
          ))}
        </Column>
      </div>
    </Card>
  );
}

/** The models of one integration. */
function ModelsNode({
  tone,
  own,
  inMemory,
}: {
  readonly tone: Tone;
  readonly own: number;
  readonly inMemory: number;
}) {
  const say = useText(homeMessages);
  const formats = useFormats();
  return (
    <p className={styles["node"]} data-tone={own === 0 ? "none" : tone}>
      <span>{say("models_of", { count: own })}</span>
      {inMemory === 0 ? (
        <Icon name="cube" size={16} />
      ) : (
        <small>{say("loaded_of", { count: formats.count(inMemory) })}</small>
      )}
    </p>
  );
}

function toneOf({ state }: IntegrationStatus): Tone {
  return stateLooks[state].tone;
}

function Column({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <div className={styles["column"]}>
      <h3>{title}</h3>
      <div className={styles["nodes"]}>{children}</div>
    </div>
  );
}

function StatusNode({ status: { name, state } }: { readonly status: IntegrationStatus }) {
  const say = useText(stateMessages);
  const { tone, icon } = stateLooks[state];
  return (
    <Link
      className={styles["node"]}
      data-tone={tone}
      href={`/integrations/${encodeURIComponent(name)}`}
      aria-label={`${name}: ${say(state)}`}
      title={say(state)}
    >
      <span>{name}</span>
      <Icon name={icon} size={16} />
    </Link>
  );
}
