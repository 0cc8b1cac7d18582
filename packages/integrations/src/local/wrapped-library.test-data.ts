import { registerHooks } from "node:module";

/** Has whoever imports node-llama-cpp, but for what `source` itself imports, get the module of that source instead. */
export function wrapLibrary(wrapper: string, source: string): void {
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === libraryName &&
      context.parentURL !== wrapper &&
      !(context.parentURL ?? "").includes("/node_modules/")
        ? { url: wrapper, format: "module", shortCircuit: true }
        : next(specifier, context),
    load: (url, context, next) =>
      url === wrapper ? { format: "module", source, shortCircuit: true } : next(url, context),
  });
}

export const libraryName = "node-llama-cpp";
