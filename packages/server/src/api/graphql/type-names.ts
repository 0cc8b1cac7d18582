import { integrationStates, integrationTypes, networkReaches, operations } from "@llm-platform/kit";
import { candidateVerdicts } from "../../core/attempt-notes.ts";
import { actorKinds, auditOutcomes } from "../../core/audit-record.ts";
import { budgetActions, budgetPeriods, budgetScopes } from "../../core/budgets.ts";
import { localUserKinds, userKinds } from "../../core/identity.ts";
import { auditPolicies } from "../../core/key-policy.ts";
import { limitScopes } from "../../core/limits.ts";
import { permissionNames } from "../../core/permissions.ts";
import { principalKinds } from "../../core/principal.ts";
import { phaseNames } from "../../core/request-phases.ts";
import { recordedEnds } from "../../core/stream-ends.ts";
import { usageRangeNames } from "../../core/usage-range.ts";
import { everyStatus, requestStatuses } from "../../store/request-log/logged-request.ts";

/**
 * What things are called that have a place in the graph: by the operation that answers with one, and the member of its
 * answer where it is not the whole. A list stands for its elements.
 */
export const nouns: Readonly<Record<string, { readonly operation: string; readonly member?: string }>> = {
  Integration: { operation: "integrations.status" },
  Model: { operation: "models.list", member: "models" },
  LoadedModel: { operation: "models.loaded", member: "models" },
  ApiKey: { operation: "keys.get" },
  User: { operation: "users.get" },
  Team: { operation: "teams.get" },
  Role: { operation: "roles.get" },
  Budget: { operation: "budgets.get" },
  Attempt: { operation: "usage.list", member: "usage" },
  Request: { operation: "requests.list", member: "requests" },
  RequestExplanation: { operation: "requests.get" },
  ExplainedAttempt: { operation: "requests.get", member: "attempts" },
  UsageSum: { operation: "usage.sum", member: "usage" },
  Event: { operation: "events.list", member: "events" },
  AuditRecord: { operation: "audit.list", member: "records" },
  Price: { operation: "prices.list", member: "prices" },
  Pull: { operation: "pulls.get" },
  Me: { operation: "access.whoami" },
  ModelChange: { operation: "models.load" },
  ShownApiKey: { operation: "keys.create" },
  ShownUser: { operation: "users.create" },
  TokenPair: { operation: "auth.login" },
  PasswordState: { operation: "users.set_password" },
  SecretsStatus: { operation: "secrets.status" },
  System: { operation: "system.info" },
};

/** What enumerations are called that stand in more than one place. */
export const enumerations: Readonly<Record<string, readonly string[]>> = {
  Permission: permissionNames,
  IntegrationState: integrationStates,
  IntegrationType: integrationTypes,
  NetworkReach: networkReaches,
  ModelOperation: operations,
  AttemptOutcome: recordedEnds,
  CandidateVerdict: candidateVerdicts,
  RequestStatus: everyStatus,
  EndedRequestStatus: requestStatuses,
  RequestPhase: phaseNames,
  AuditOutcome: auditOutcomes,
  AuditPolicy: auditPolicies,
  ActorKind: actorKinds,
  BudgetScope: budgetScopes,
  BudgetPeriod: budgetPeriods,
  BudgetAction: budgetActions,
  LimitScope: limitScopes,
  LocalUserKind: localUserKinds,
  PrincipalKind: principalKinds,
  UsageRange: usageRangeNames,
  UserKind: userKinds,
};

/** Types that are another with something more: the ways from one thing to another are the same. */
export const likenesses: Readonly<Record<string, string>> = {
  ShownApiKey: "ApiKey",
  ShownUser: "User",
  ExplainedAttempt: "Attempt",
};

/** Members that hold the id of something which the graph has a field of the same name for. */
export const renamedMembers: Readonly<Record<string, string>> = {
  "ApiKey.owner": "ownerId",
  "Budget.subject": "subjectId",
  "Attempt.integration": "integrationName",
  "Event.integration": "integrationName",
  "LoadedModel.integration": "integrationName",
  "Me.user": "userId",
  "Model.integration": "integrationName",
  "Request.integration": "integrationName",
  "User.role": "roleName",
  "User.team": "teamId",
};
