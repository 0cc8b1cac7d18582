import { hash } from "node:crypto";
import type { Digest } from "../core/audit-record.ts";

/** What chains and seals are made with. */
export const digest: Digest = (data) => hash("sha256", data);
