/** How a connection is encrypted, in libpq's words; `prefer` and `allow`, which fall back in silence, are not among them. */
export const databaseTlsModes = ["disable", "require", "verify-ca", "verify-full"] as const;
export type DatabaseTlsMode = (typeof databaseTlsModes)[number];

/** Where a PostgreSQL server is, and as whom to come. */
export interface DatabaseAddress {
  /** A host name, an address, or the folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string | undefined;
  readonly database: string;
  readonly tls: DatabaseTlsMode;
  /** File with the certificates of the authorities that the server's must come from. */
  readonly authorityFile: string | undefined;
}

const form = "must be like postgres://user:password@host:5432/database";
const knownParameters = ["host", "sslmode", "sslrootcert", "application_name"];
const defaultPort = 5_432;

/** Reads `postgres://…`. What is wrong with it is said without a word of it, for it holds a password. */
export function parseDatabaseUrl(text: string): DatabaseAddress | { readonly problem: string } {
  // A socket needs no host, which a URL must have.
  const url = URL.parse(text.replace(/^(postgres(?:ql)?:\/\/[^/@]*@)(?=\/)/, "$1localhost"));
  if (url === null || !/^postgres(?:ql)?:$/.test(url.protocol)) return { problem: form };
  const unknown = [...url.searchParams.keys()].filter((name) => !knownParameters.includes(name));
  if (unknown.length > 0)
    return {
      problem: `has the parameter ${unknown.join(", ")}, which is not known here; there are ${knownParameters.join(", ")}`,
    };
  const [user, password, database] = [url.username, url.password, url.pathname.slice(1)].map(decode);
  if (user === undefined || password === undefined || database === undefined) return { problem: form };
  if (user === "" || database === "")
    return { problem: `names no ${user === "" ? "user" : "database"}: it ${form}` };
  const host = url.searchParams.get("host") ?? url.hostname.replace(/^\[(.*)\]$/, "$1");
  const mode = url.searchParams.get("sslmode") ?? "disable";
  const tls = databaseTlsModes.find((each) => each === mode);
  if (tls === undefined) return { problem: `has sslmode=${mode}; say one of ${databaseTlsModes.join(", ")}` };
  return {
    host: host === "" ? "localhost" : host,
    port: url.port === "" ? defaultPort : Number(url.port),
    user,
    password: password === "" ? undefined : password,
    database,
    tls,
    authorityFile: url.searchParams.get("sslrootcert") ?? undefined,
  };
}

/** Whether a connection stays on this machine. */
export function isLocalDatabase({ host }: Pick<DatabaseAddress, "host">): boolean {
  return host.startsWith("/") || host === "localhost" || host === "::1" || host.startsWith("127.");
}

function decode(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    // A lone percent sign.
    return undefined;
  }
}
