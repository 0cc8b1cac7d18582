import { PlatformError } from "@llm-platform/kit";
import type { KeySource } from "../api/key-lookup.ts";
import type { IdentityNews, KeyHolder } from "../core/identity.ts";
import type { FromWorker, StoreError } from "./messages.ts";

/** Users and keys as a worker sees them: the first process has the store. */
export interface RemoteKeys extends KeySource {
  /** The first process answers `findKey` or `findToken`. */
  onFound(id: number, holder: KeyHolder | undefined, error: StoreError | undefined): void;
  /** A user or a key was changed, or a session ended. */
  onChanged(hasUsers: boolean, news: IdentityNews): void;
}

export function createRemoteKeys(send: (message: FromWorker) => void, hadUsers: boolean): RemoteKeys {
  const open = new Map<number, PromiseWithResolvers<KeyHolder | undefined>>();
  const listeners: ((news: IdentityNews) => void)[] = [];
  const state = { lastId: 0, hasUsers: hadUsers };
  const ask = (toMessage: (id: number) => FromWorker): Promise<KeyHolder | undefined> => {
    const id = ++state.lastId;
    const answered = Promise.withResolvers<KeyHolder | undefined>();
    open.set(id, answered);
    send(toMessage(id));
    return answered.promise;
  };
  return {
    get hasUsers() {
      return state.hasUsers;
    },
    findKey: (sha256) => ask((id) => ({ type: "find_key", id, sha256 })),
    findToken: (token) => ask((id) => ({ type: "find_token", id, token })),
    onChange(listener) {
      listeners.push(listener);
    },
    onFound(id, holder, error) {
      const answered = open.get(id);
      open.delete(id);
      if (error === undefined) answered?.resolve(holder);
      else answered?.reject(new PlatformError(error.code, error.message));
    },
    onChanged(hasUsers, news) {
      state.hasUsers = hasUsers;
      for (const listener of listeners) listener(news);
    },
  };
}
