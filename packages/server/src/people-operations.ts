import type { Listener } from "./api/listener.ts";
import type { PlatformConfig } from "./config/schema.ts";
import { accessOperations } from "./control/access.ts";
import { authOperations } from "./control/auth.ts";
import { keyOperations } from "./control/keys.ts";
import type { Operation } from "./control/operation.ts";
import { roleOperations } from "./control/roles.ts";
import { setupOperations } from "./control/setup.ts";
import { teamOperations } from "./control/teams.ts";
import { type Tickets, ticketOperations } from "./control/tickets.ts";
import { userPasswordOperations } from "./control/user-passwords.ts";
import { userOperations } from "./control/users.ts";
import type { Login } from "./login.ts";
import { toGatewaySettings } from "./settings-of.ts";
import type { Identity } from "./store/identity.ts";

export interface PeopleParts {
  readonly config: PlatformConfig;
  readonly identity: Identity;
  readonly listener: Pick<Listener, "routes">;
}

/** Operations on who may do what: people, keys, teams, roles. */
export function peopleOperations({ config, identity, listener }: PeopleParts): readonly Operation[] {
  const isConfigured = (name: string) => config.auth.api_keys.some((key) => key.name === name);
  return [
    ...accessOperations({
      identity,
      limitDefaults: () => toGatewaySettings(config).limits,
      routes: () => listener.routes,
    }),
    ...keyOperations({ identity, isConfigured }),
    ...userOperations({ identity, isConfigured }),
    ...teamOperations(identity),
    ...roleOperations(identity),
  ];
}

/** Operations by which people come in. */
export function loginOperations({
  login,
  tickets,
}: {
  readonly login: Pick<Login, "operations">;
  readonly tickets: Tickets;
}): readonly Operation[] {
  return [
    ...userPasswordOperations(login.operations),
    ...authOperations(login.operations),
    ...ticketOperations(tickets),
    ...setupOperations(login.operations),
  ];
}
