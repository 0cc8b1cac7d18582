// The package's own types bring those of browsers into the whole program.

/** The page of GraphiQL with everything in it. */
export declare function renderGraphiQL(options: {
  readonly title: string;
  readonly endpoint: string;
  readonly subscriptionsProtocol: "WS" | "SSE";
  readonly defaultQuery: string;
}): string;
