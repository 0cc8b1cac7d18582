const server = "^packages/server/src";
const floors = {
  core: ["core"],
  two: ["wire", "manager", "store", "sharing", "telemetry", "pulls"],
  three: ["gateway", "control"],
  four: ["api"],
};
const inFolders = (names) => `${server}/(${names.join("|")})/`;
const tests = "\\.(test|test-data)\\.ts$|/test-[a-z-]+\\.ts$";

/** Imports point down only, folders on one floor are strangers, and each rule says what to do. */
export default {
  forbidden: [
    {
      name: "no-cycle",
      comment: "Two files import each other: move what both need into a third.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "kit-imports-nothing",
      comment: "The kit has no run-time dependency: pass in what it needs.",
      severity: "error",
      from: { path: "^packages/kit/src", pathNot: tests },
      to: { pathNot: "^packages/kit/src", dependencyTypesNot: ["core"] },
    },
    {
      name: "console-sees-the-client-only",
      comment:
        "The console has no door that other clients lack: what it needs of the server is in packages/client.",
      severity: "error",
      from: { path: "^packages/console/src", pathNot: tests },
      to: { path: ["^packages/(server|kit|integrations)/", "^@llm-platform/(server|kit|integrations)"] },
    },
    {
      name: "pages-are-strangers",
      comment: "A page of the console does not import another's parts: what both need stands in components/.",
      severity: "error",
      from: { path: "^packages/console/src/pages/([^/]+)/" },
      to: { path: "^packages/console/src/pages/([^/]+)/", pathNot: "^packages/console/src/pages/$1/" },
    },
    {
      name: "console-parts-do-not-know-pages",
      comment: "Only pages.ts knows the pages, so that each is fetched when it is opened.",
      severity: "error",
      from: { path: "^packages/console/src/(components|query|live|session|text)/", pathNot: tests },
      to: { path: "^packages/console/src/(pages/|pages\\.ts|shell/|app\\.tsx)" },
    },
    {
      name: "integrations-see-the-kit-only",
      comment: "A built-in integration has no door that a third party lacks: go through the context.",
      severity: "error",
      from: { path: "^packages/integrations/src", pathNot: tests },
      to: { path: ["^packages/(server|client)/", "^@llm-platform/(server|client)"] },
    },
    {
      name: "core-is-pure",
      comment: "core/ holds rules only: no I/O, and nothing of the floors above.",
      severity: "error",
      from: { path: inFolders(floors.core), pathNot: tests },
      to: { pathNot: [`${server}/core/`, "^@llm-platform/kit$"] },
    },
    {
      name: "floor-two-looks-down",
      comment:
        "wire, manager, store, sharing, telemetry and pulls import core only: what comes from above is passed in.",
      severity: "error",
      from: { path: inFolders(floors.two), pathNot: tests },
      to: {
        path: [inFolders([...floors.three, ...floors.four]), `${server}/config/`, `${server}/[^/]+\\.ts$`],
      },
    },
    ...floors.two.map((folder) => ({
      name: `${folder}-is-a-stranger-on-its-floor`,
      comment: "Folders on one floor do not know each other: pass a port in from app.ts.",
      severity: "error",
      from: { path: `${server}/${folder}/`, pathNot: tests },
      to: { path: inFolders(floors.two.filter((other) => other !== folder)) },
    })),
    {
      name: "floor-three-looks-down",
      comment: "gateway and control import the floors below only.",
      severity: "error",
      from: { path: inFolders(floors.three), pathNot: tests },
      to: { path: [inFolders(floors.four), `${server}/config/`, `${server}/[^/]+\\.ts$`] },
    },
    {
      name: "gateway-does-not-know-control",
      comment: "The way of a model call does not depend on the table of operations.",
      severity: "error",
      from: { path: `${server}/gateway/`, pathNot: tests },
      to: { path: `${server}/control/` },
    },
    {
      name: "api-does-not-see-the-composition",
      comment: "api/ is put together by app.ts, not the other way round.",
      severity: "error",
      from: { path: `${server}/api/`, pathNot: tests },
      to: { path: [`${server}/config/`, `${server}/[^/]+\\.ts$`] },
    },
    {
      name: "protocols-are-strangers",
      comment: "A protocol's folder does not import another's: what both need stands in api/ itself.",
      severity: "error",
      from: { path: `${server}/api/([^/]+)/`, pathNot: tests },
      to: { path: `${server}/api/([^/]+)/`, pathNot: `${server}/api/$1/` },
    },
    {
      name: "workers-are-seen-at-the-top",
      comment:
        "workers/ is put together by worker-host.ts: other folders do not know in how many processes they run.",
      severity: "error",
      from: { path: "^packages/", pathNot: [`${server}/workers/`, `${server}/[^/]+\\.ts$`, tests] },
      to: { path: `${server}/workers/` },
    },
    {
      name: "config-is-read-at-the-top",
      comment: "config/ is seen by the composition only; others get what they need as arguments.",
      severity: "error",
      from: { path: "^packages/", pathNot: [`${server}/config/`, `${server}/[^/]+\\.ts$`, tests] },
      to: { path: `${server}/config/` },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "/(dist|bundle)/" },
    tsPreCompilationDeps: true,
    parser: "swc",
    enhancedResolveOptions: { extensions: [".ts", ".tsx", ".js", ".mjs"] },
  },
};
