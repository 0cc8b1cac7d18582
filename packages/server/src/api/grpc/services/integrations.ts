import { Event, Integration, IntegrationsDefinition, IntegrationsListReply } from "../generated/platform.ts";
import { type GrpcMethod, serverStream, unary } from "../method.ts";
import { follow, type OperationTable } from "./operation-table.ts";

const service = IntegrationsDefinition;
const { list, get, restart, configure, watchEvents } = service.methods;
const base = { service, access: "known" } as const;

/** The operations on integrations as methods. Each asks for its permission itself. */
export function integrationMethods(table: OperationTable): readonly GrpcMethod[] {
  const listing = table.operation("integrations.list");
  const status = table.operation("integrations.status");
  const restarting = table.operation("integrations.restart");
  const configuring = table.operation("integrations.configure");
  const events = table.feed("events");
  return [
    unary({
      ...base,
      type: list,
      run: async (request, context) => IntegrationsListReply.fromJSON(await listing.run(request, context)),
    }),
    unary({
      ...base,
      type: get,
      run: async (request, context) => Integration.fromJSON(await status.run(request, context)),
    }),
    unary({
      ...base,
      type: restart,
      run: async (request, context) => Integration.fromJSON(await restarting.run(request, context)),
    }),
    unary({
      ...base,
      type: configure,
      run: async ({ name, config }, context) =>
        Integration.fromJSON(await configuring.run({ ...config, name }, context)),
    }),
    serverStream({
      ...base,
      type: watchEvents,
      isEndless: true,
      run: (input, context, send) =>
        follow(events, { input, context, send }, ({ type, data, id }) => ({
          ...Event.fromJSON({ ...data, type }),
          id,
        })),
    }),
  ];
}
