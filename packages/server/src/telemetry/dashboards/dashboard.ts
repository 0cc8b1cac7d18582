/** What a panel asks Prometheus for. */
export interface PanelQuery {
  /** With `$__rate_interval`, `$provider` and `$model` for what Grafana puts in their place. */
  readonly expression: string;
  /** With `{{label}}`. Default: all labels. */
  readonly legend?: string;
  /** Whether traces are shown beside the line. */
  readonly hasExemplars?: boolean;
}

/** How a panel shows what it gets. `events` are bars of how often something happened, `states` are strips in colours. */
export type PanelKind = "lines" | "stack" | "events" | "states" | "number" | "bars" | "heatmap" | "table";

/** Grafana's names of the colours that mean something. */
export type PanelColor = "green" | "yellow" | "orange" | "red" | "blue" | "purple" | "text";

/** Words and colours in place of values, by the value. */
export type ValueWords = Readonly<Record<string, { readonly text: string; readonly color: PanelColor }>>;

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

export interface Panel {
  readonly title: string;
  /** One sentence for who hovers over it. */
  readonly about: string;
  readonly kind: PanelKind;
  readonly unit: PanelUnit;
  readonly queries: readonly PanelQuery[];
  /** Of 24. */
  readonly width: number;
  /** From which value on it turns yellow and red; where the critical one is lower, up to which value it is. */
  readonly thresholds?: { readonly warning: number; readonly critical: number };
  /** The axis goes to 1 whatever is on it: of something that can be full. */
  readonly isShare?: boolean;
  /** The axis begins there at the latest. Default: where the values do. */
  readonly axisFrom?: number;
  /** Colours of lines that mean something, by their legend. */
  readonly colors?: Readonly<Record<string, PanelColor>>;
  /** What is written in place of values. */
  readonly words?: ValueWords;
  /** Of a table: the labels that are shown, in order, and `Value`; by what stands above them. */
  readonly columns?: Readonly<Record<string, string>>;
  /** What is said where nothing is there to be shown, and rightly so. Default: No data. */
  readonly whenEmpty?: string;
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
