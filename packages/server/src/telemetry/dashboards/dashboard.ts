/** What a panel asks Prometheus for. */
export interface PanelQuery {
  /** With `$__rate_interval`, `$provider` and `$model` for what Grafana puts in their place. */
  readonly expression: string;
  /** With `{{label}}`. Default: all labels. */
  readonly legend?: string;
  /** Whether traces are shown beside the line. */
  readonly hasExemplars?: boolean;
}

/** How a panel shows what it gets. */
export type PanelKind = "lines" | "stack" | "number" | "bars" | "heatmap" | "table";

/** Units by Grafana's names. */
export type PanelUnit =
  | "reqps"
  | "percentunit"
  | "s"
  | "short"
  | "bytes"
  | "celsius"
  | "watt"
  | "none"
  | "tokens/s"
  | "cost";

/** What a panel's series need to be there: without it the panel is empty, and rightly so. */
export type PanelNeed =
  | "a limit of calls at once"
  | "memory bound"
  | "a call that was refused"
  | "a local model"
  | "a failed delivery";

export interface Panel {
  readonly title: string;
  /** One sentence for who hovers over it. */
  readonly about: string;
  readonly kind: PanelKind;
  readonly unit: PanelUnit;
  readonly queries: readonly PanelQuery[];
  /** Of 24. */
  readonly width: number;
  /** From which value on it turns yellow and red; rising. */
  readonly thresholds?: { readonly warning: number; readonly critical: number };
  readonly needs?: PanelNeed;
}

export interface DashboardRow {
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** A page of figures, as Grafana is given it. */
export interface Dashboard {
  /** At most 40 characters; never changes, so that links stay. */
  readonly uid: string;
  readonly title: string;
  readonly about: string;
  readonly rows: readonly DashboardRow[];
}
