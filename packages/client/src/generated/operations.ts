// Made by `node tools/generate.ts` from the table of operations. Do not change it by hand.

/** What a caller can be allowed to. */
export type Permission = "inference.call" | "models.read" | "models.write" | "models.import" | "routes.write" | "integrations.read" | "integrations.write" | "events.read" | "usage.read" | "usage.read_own" | "budgets.read" | "budgets.write" | "content.read" | "usage.write" | "graphql.explore" | "prices.read" | "prices.write" | "metrics.read" | "system.read" | "system.write" | "settings.read" | "self.read" | "self.write" | "users.read" | "users.write" | "keys.read" | "keys.write" | "teams.read" | "teams.write" | "roles.read" | "roles.write" | "audit.read" | "backup.manage" | "secrets.manage";

/** What each operation takes and gives. */
export interface OperationTypes {
  /** Every integration with its state. */
  readonly "integrations.list": {
    readonly input: Readonly<Record<string, never>>;
    readonly output: { readonly "integrations": readonly ({ readonly "name": string; readonly "type": "model_platform" | "monitoring" | "api" | "service"; readonly "use": string; readonly "summary": string; readonly "enabled": boolean; readonly "priority": number; readonly "dependencies": readonly (string)[]; readonly "network": "private" | "public" | "any"; readonly "state": "disabled" | "starting" | "running" | "degraded" | "retrying" | "auth_required" | "stopping" | "stopped" | "error"; readonly "reason": string | null; readonly "since": string; readonly "last_probe": { readonly "time": string; readonly "status": "ok" | "degraded" | "failed" | "auth_required"; readonly "duration_ms": number; readonly "detail": string | null; } | null; readonly "consecutive_failures": number; readonly "restarts": { readonly "in_window": number; readonly "total": number; }; readonly "next_retry_at": string | null; readonly "waiting_for": readonly (string)[]; readonly "config_problem": string | null; })[]; };
  };
  /** Whether every enabled integration is well, from the last probes; nothing is probed anew. */
  readonly "integrations.health": {
    readonly input: Readonly<Record<string, never>>;
    readonly output: { readonly "status": "ok" | "degraded"; readonly "integrations": Readonly<Record<string, { readonly "state": "disabled" | "starting" | "running" | "degraded" | "retrying" | "auth_required" | "stopping" | "stopped" | "error"; readonly "reason": string | null; readonly "last_probe": { readonly "time": string; readonly "status": "ok" | "degraded" | "failed" | "auth_required"; readonly "duration_ms": number; readonly "detail": string | null; } | null; }>>; };
  };
  /** One integration with its state. */
  readonly "integrations.status": {
    readonly input: { readonly "name": string; };
    readonly output: { readonly "name": string; readonly "type": "model_platform" | "monitoring" | "api" | "service"; readonly "use": string; readonly "summary": string; readonly "enabled": boolean; readonly "priority": number; readonly "dependencies": readonly (string)[]; readonly "network": "private" | "public" | "any"; readonly "state": "disabled" | "starting" | "running" | "degraded" | "retrying" | "auth_required" | "stopping" | "stopped" | "error"; readonly "reason": string | null; readonly "since": string; readonly "last_probe": { readonly "time": string; readonly "status": "ok" | "degraded" | "failed" | "auth_required"; readonly "duration_ms": number; readonly "detail": string | null; } | null; readonly "consecutive_failures": number; readonly "restarts": { readonly "in_window": number; readonly "total": number; }; readonly "next_retry_at": string | null; readonly "waiting_for": readonly (string)[]; readonly "config_problem": string | null; };
  };
  /** The metrics of one integration, the same figures as in /metrics. */
  readonly "integrations.metrics": {
    readonly input: { readonly "name": string; };
    readonly output: { readonly "name": string; readonly "samples": readonly ({ readonly "name": string; readonly "labels": Readonly<Record<string, string>>; readonly "value": number; })[]; };
  };
  /** How an integration is configured, secrets as `[secret]`, and the JSON Schema of its settings, from which a form can be drawn. */
  readonly "integrations.settings": {
    readonly input: { readonly "name": string; };
    readonly output: { readonly "name": string; readonly "use": string; readonly "origin": "configuration" | "added"; readonly "enabled": boolean; readonly "priority": number; readonly "settings": Readonly<Record<string, unknown>>; readonly "schema": Readonly<Record<string, unknown>>; readonly "health_check_interval": number; readonly "retry_config": { readonly "max_retries": number; readonly "backoff_factor": number; readonly "max_backoff": number; }; };
  };
  /** Starts an integration with other settings beside the one that runs, or one that there is not yet, asks how it is and what it offers, and stops it. Nothing is changed. */
  readonly "integrations.test": {
    readonly input: { readonly "name": string; readonly "use"?: string | undefined; readonly "settings"?: Readonly<Record<string, unknown>> | undefined; };
    readonly output: { readonly "status": "ok" | "degraded" | "failed" | "auth_required"; readonly "detail": string | null; readonly "remedy": string | null; readonly "duration_ms": number; readonly "models": readonly (string)[] | null; readonly "model_count": number | null; };
  };
  /** Stops and starts one integration. */
  readonly "integrations.restart": {
    readonly input: { readonly "name": string; };
    readonly output: { readonly "name": string; readonly "type": "model_platform" | "monitoring" | "api" | "service"; readonly "use": string; readonly "summary": string; readonly "enabled": boolean; readonly "priority": number; readonly "dependencies": readonly (string)[]; readonly "network": "private" | "public" | "any"; readonly "state": "disabled" | "starting" | "running" | "degraded" | "retrying" | "auth_required" | "stopping" | "stopped" | "error"; readonly "reason": string | null; readonly "since": string; readonly "last_probe": { readonly "time": string; readonly "status": "ok" | "degraded" | "failed" | "auth_required"; readonly "duration_ms": number; readonly "detail": string | null; } | null; readonly "consecutive_failures": number; readonly "restarts": { readonly "in_window": number; readonly "total": number; }; readonly "next_retry_at": string | null; readonly "waiting_for": readonly (string)[]; readonly "config_problem": string | null; };
  };
  /** Changes the configuration of one integration: the new one is started and swapped in; when it fails, the old one goes on. */
  readonly "integrations.configure": {
    readonly input: { readonly "name": string; readonly "enabled"?: boolean | undefined; readonly "priority"?: number | undefined; readonly "settings"?: Readonly<Record<string, unknown>> | undefined; readonly "health_check_interval"?: number | undefined; readonly "retry_config"?: { readonly "max_retries": number; readonly "backoff_factor": number; readonly "max_backoff": number; } | undefined; };
    readonly output: { readonly "name": string; readonly "type": "model_platform" | "monitoring" | "api" | "service"; readonly "use": string; readonly "summary": string; readonly "enabled": boolean; readonly "priority": number; readonly "dependencies": readonly (string)[]; readonly "network": "private" | "public" | "any"; readonly "state": "disabled" | "starting" | "running" | "degraded" | "retrying" | "auth_required" | "stopping" | "stopped" | "error"; readonly "reason": string | null; readonly "since": string; readonly "last_probe": { readonly "time": string; readonly "status": "ok" | "degraded" | "failed" | "auth_required"; readonly "duration_ms": number; readonly "detail": string | null; } | null; readonly "consecutive_failures": number; readonly "restarts": { readonly "in_window": number; readonly "total": number; }; readonly "next_retry_at": string | null; readonly "waiting_for": readonly (string)[]; readonly "config_problem": string | null; };
  };
  /** Restarts every enabled integration, dependents around what they depend on. */
  readonly "integrations.restart_all": {
    readonly input: Readonly<Record<string, never>>;
    readonly output: { readonly "integrations": readonly ({ readonly "name": string; readonly "type": "model_platform" | "monitoring" | "api" | "service"; readonly "use": string; readonly "summary": string; readonly "enabled": boolean; readonly "priority": number; readonly "dependencies": readonly (string)[]; readonly "network": "private" | "public" | "any"; readonly "state": "disabled" | "starting" | "running" | "degraded" | "retrying" | "auth_required" | "stopping" | "stopped" | "error"; readonly "reason": string | null; readonly "since": string; readonly "last_probe": { readonly "time": string; readonly "status": "ok" | "degraded" | "failed" | "auth_required"; readonly "duration_ms": number; readonly "detail": string | null; } | null; readonly "consecutive_failures": number; readonly "restarts": { readonly "in_window": number; readonly "total": number; }; readonly "next_retry_at": string | null; readonly "waiting_for": readonly (string)[]; readonly "config_problem": string | null; })[]; };
  };
  /** What an integration can be, each with the JSON Schema of its settings. */
  readonly "integrations.kinds": {
    readonly input: Readonly<Record<string, never>>;
    readonly output: { readonly "kinds": readonly ({ readonly "use": string; readonly "type": "model_platform" | "monitoring" | "api" | "service"; readonly "summary": string; readonly "can_be_added": boolean; readonly "dependencies": readonly (string)[]; readonly "schema": Readonly<Record<string, unknown>>; })[]; };
  };
  /** Adds an integration on every replica and starts it. It is there after a restart, until it is deleted. One that cannot be reached yet is added, and tried again. */
  readonly "integrations.create": {
    readonly input: { readonly "name": string; readonly "use": string; readonly "dependencies"?: readonly (string)[] | undefined; readonly "network"?: "private" | "public" | "any" | undefined; readonly "enabled"?: boolean | undefined; readonly "priority"?: number | undefined; readonly "settings"?: Readonly<Record<string, unknown>> | undefined; readonly "health_check_interval"?: number | undefined; readonly "retry_config"?: { readonly "max_retries": number; readonly "backoff_factor": number; readonly "max_backoff": number; } | undefined; };
    readonly output: { readonly "name": string; readonly "type": "model_platform" | "monitoring" | "api" | "service"; readonly "use": string; readonly "summary": string; readonly "enabled": boolean; readonly "priority": number; readonly "dependencies": readonly (string)[]; readonly "network": "private" | "public" | "any"; readonly "state": "disabled" | "starting" | "running" | "degraded" | "retrying" | "auth_required" | "stopping" | "stopped" | "error"; readonly "reason": string | null; readonly "since": string; readonly "last_probe": { readonly "time": string; readonly "status": "ok" | "degraded" | "failed" | "auth_required"; readonly "duration_ms": number; readonly "detail": string | null; } | null; readonly "consecutive_failures": number; readonly "restarts": { readonly "in_window": number; readonly "total": number; }; readonly "next_retry_at": string | null; readonly "waiting_for": readonly (string)[]; readonly "config_problem": string | null; };
  };
  /** What names an integration: other integrations that depend on it, routes, aliases and budgets. */
  readonly "integrations.uses": {
    readonly input: { readonly "name": string; };
    readonly output: { readonly "name": string; readonly "dependents": readonly (string)[]; readonly "routes": readonly (string)[]; readonly "budgets": readonly (string)[]; };
  };
  /** Removes an integration that was added, on every replica, with its settings and credentials. Calls in flight may end; what it was used for stays on record. What names it stays, and is told. One of the configuration file is not removed so. */
  readonly "integrations.delete": {
    readonly input: { readonly "name": string; readonly "data"?: "keep" | "remove" | undefined; };
    readonly output: { readonly "name": string; readonly "dependents": readonly (string)[]; readonly "routes": readonly (string)[]; readonly "budgets": readonly (string)[]; };
  };
  /** What changed, oldest first; with wait_seconds it waits for the first event. As text/event-stream it never ends. */
  readonly "events.list": {
    readonly input: { readonly "after_id"?: number | undefined; readonly "limit"?: number | undefined; readonly "integration"?: string | undefined; readonly "wait_seconds"?: number | undefined; };
    readonly output: { readonly "events": readonly ({ readonly "id": number; readonly "time": string; readonly "integration": string; readonly "type": string; readonly "data": Readonly<Record<string, unknown>>; readonly "replica"?: string | undefined; })[]; readonly "next_after_id": number; };
  };
  /** Every model that can be called now. */
  readonly "models.list": {
    readonly input: { readonly "integration"?: string | undefined; };
    readonly output: { readonly "models": readonly ({ readonly "id": string; readonly "integration": string; readonly "provider": string; readonly "operations": readonly ("chat" | "completion" | "embedding")[]; readonly "context_tokens": number | null; readonly "size_bytes": number | null; readonly "family": string | null; readonly "quantization": string | null; readonly "capabilities": readonly (string)[]; readonly "verdict": "weights_only" | "suspicious" | "refused" | null; })[]; };
  };
  /** Everything that an integration knows about one model. */
  readonly "models.show": {
    readonly input: { readonly "model": string; };
    readonly output: { readonly "model": { readonly "id": string; readonly "integration": string; readonly "provider": string; readonly "operations": readonly ("chat" | "completion" | "embedding")[]; readonly "context_tokens": number | null; readonly "size_bytes": number | null; readonly "family": string | null; readonly "quantization": string | null; readonly "capabilities": readonly (string)[]; readonly "verdict": "weights_only" | "suspicious" | "refused" | null; }; readonly "details": Readonly<Record<string, unknown>>; };
  };
  /** Models that are in memory now, and the GPUs of this machine. */
  readonly "models.loaded": {
    readonly input: Readonly<Record<string, never>>;
    readonly output: { readonly "models": readonly ({ readonly "id": string; readonly "integration": string; readonly "memory_bytes": number | null; readonly "gpu_memory_bytes": number | null; readonly "gpu_layers": number | null; readonly "gpu": "used" | "claimed_not_seen" | "not_measured" | null; readonly "expires_at": string | null; readonly "active_calls": number | null; readonly "notice": string | null; })[]; readonly "gpus": readonly ({ readonly "name": string; readonly "memory_total_bytes": number | null; readonly "memory_used_bytes": number | null; })[]; readonly "free_memory_bytes": number; };
  };
  /** Asks every integration anew which models it has. */
  readonly "models.refresh": {
    readonly input: { readonly "integration"?: string | undefined; };
    readonly output: { readonly "models": readonly ({ readonly "id": string; readonly "integration": string; readonly "provider": string; readonly "operations": readonly ("chat" | "completion" | "embedding")[]; readonly "context_tokens": number | null; readonly "size_bytes": number | null; readonly "family": string | null; readonly "quantization": string | null; readonly "capabilities": readonly (string)[]; readonly "verdict": "weights_only" | "suspicious" | "refused" | null; })[]; };
  };
  /** Brings a model into memory. */
  readonly "models.load": {
    readonly input: { readonly "model": string; };
    readonly output: { readonly "model": string; readonly "integration": string; readonly "status": string; };
  };
  /** Takes a model out of memory. */
  readonly "models.unload": {
    readonly input: { readonly "model": string; };
    readonly output: { readonly "model": string; readonly "integration": string; readonly "status": string; };
  };
  /** Gives a model another name beside its own, where it is kept. */
  readonly "models.copy": {
    readonly input: { readonly "model": string; readonly "destination": string; };
    readonly output: { readonly "model": string; readonly "integration": string; readonly "status": string; };
  };
  /** Deletes a model where it is kept. */
  readonly "models.delete": {
    readonly input: { readonly "model": string; };
    readonly output: { readonly "model": string; readonly "integration": string; readonly "status": string; };
  };
  /** Says how far a model file or a folder of one can be trusted, by its bytes. Nothing of it is run, loaded or unpacked. */
  readonly "models.inspect": {
    readonly input: { readonly "path": string; readonly "integration"?: string | undefined; };
    readonly output: { readonly "verdict": "weights_only" | "suspicious" | "refused"; readonly "format": string; readonly "reasons": readonly (string)[]; readonly "files": readonly ({ readonly "verdict": "weights_only" | "suspicious" | "refused"; readonly "format": string; readonly "reasons": readonly (string)[]; readonly "name": string; })[]; };
  };
  /** Makes a GGUF model of a folder with safetensors or PyTorch weights, and offers it. With `Accept: text/event-stream` the answer tells how far it is. */
  readonly "models.convert": {
    readonly input: { readonly "path": string; readonly "integration"?: string | undefined; readonly "name"?: string | undefined; readonly "numbers"?: "source" | "f32" | "f16" | "bf16" | "q8_0" | "q5_0" | "q4_k" | "q4_0" | undefined; };
    readonly output: { readonly "model": string; readonly "integration": string; readonly "size_bytes": number; readonly "verdict": string; readonly "reasons": readonly (string)[]; readonly "warnings": readonly (string)[]; };
  };
  /** Takes over a GGUF file of the server's machine by a copy, or converts a folder of another format as it is. With `Accept: text/event-stream` the answer tells how far it is. */
  readonly "models.import": {
    readonly input: { readonly "path": string; readonly "integration"?: string | undefined; readonly "name"?: string | undefined; };
    readonly output: { readonly "model": string; readonly "integration": string; readonly "size_bytes": number; readonly "verdict": string; readonly "reasons": readonly (string)[]; readonly "warnings": readonly (string)[]; };
  };
  /** How a model is run: its own settings, what holds, and the memory that it takes. */
  readonly "models.settings.get": {
    readonly input: { readonly "model": string; };
    readonly output: { readonly "model": string; readonly "integration": string; readonly "settings": Readonly<Record<string, unknown>>; readonly "effective": Readonly<Record<string, unknown>>; readonly "memory_bytes": number; readonly "gpu_memory_bytes": number; readonly "memory_estimate": string; readonly "schema": Readonly<Record<string, unknown>>; readonly "is_reload_pending": boolean; };
  };
  /** Changes settings of a model; null takes one back. A model in memory is loaded anew once its calls in progress have ended. */
  readonly "models.settings.set": {
    readonly input: { readonly "model": string; readonly "settings": Readonly<Record<string, unknown>>; };
    readonly output: { readonly "model": string; readonly "integration": string; readonly "settings": Readonly<Record<string, unknown>>; readonly "effective": Readonly<Record<string, unknown>>; readonly "memory_bytes": number; readonly "gpu_memory_bytes": number; readonly "memory_estimate": string; readonly "schema": Readonly<Record<string, unknown>>; readonly "is_reload_pending": boolean; };
  };
  /** Takes settings of a model back: those that are named, or all. */
  readonly "models.settings.reset": {
    readonly input: { readonly "model": string; readonly "names"?: readonly (string)[] | undefined; };
    readonly output: { readonly "model": string; readonly "integration": string; readonly "settings": Readonly<Record<string, unknown>>; readonly "effective": Readonly<Record<string, unknown>>; readonly "memory_bytes": number; readonly "gpu_memory_bytes": number; readonly "memory_estimate": string; readonly "schema": Readonly<Record<string, unknown>>; readonly "is_reload_pending": boolean; };
  };
  /** Makes a model of another that runs with settings of its own. Nothing is copied. */
  readonly "models.create": {
    readonly input: { readonly "model": string; readonly "from"?: string | undefined; readonly "settings"?: Readonly<Record<string, unknown>> | undefined; readonly "modelfile"?: string | undefined; };
    readonly output: { readonly "model": string; readonly "integration": string; readonly "status": string; };
  };
  /** What models and the store take of the disk of the data folder. */
  readonly "models.disk": {
    readonly input: Readonly<Record<string, never>>;
    readonly output: { readonly "size_bytes": number; readonly "free_bytes": number; readonly "models_bytes": number; readonly "store_bytes": number; readonly "models": readonly ({ readonly "id": string; readonly "integration": string; readonly "size_bytes": number; })[]; };
  };
  /** The models of the Ollama server. */
  readonly "ollama.models": {
    readonly input: Readonly<Record<string, never>>;
    readonly output: { readonly "models": readonly ({ readonly "name": string; readonly "operations": readonly (string)[]; readonly "size_bytes": number | null; readonly "family": string | null; readonly "quantization": string | null; })[]; };
  };
  /** Brings a model here, or joins the pull that does already. Addresses and files of the server's machine need the permission models.import. */
  readonly "pulls.start": {
    readonly input: { readonly "kind": "ollama" | "huggingface" | "url" | "file"; readonly "source": string; readonly "integration"?: string | undefined; readonly "revision"?: string | undefined; readonly "file"?: string | undefined; readonly "quantization"?: string | undefined; readonly "name"?: string | undefined; readonly "sha256"?: string | undefined; readonly "load"?: boolean | undefined; };
    readonly output: { readonly "id": string; readonly "kind": "ollama" | "huggingface" | "url" | "file"; readonly "source": string; readonly "integration": string | null; readonly "replica": string | null; readonly "revision": string | null; readonly "license": string | null; readonly "phase": "queued" | "resolving" | "downloading" | "verifying" | "registering" | "warming_up" | "done" | "failed" | "paused" | "cancelled"; readonly "detail": string | null; readonly "error": { readonly "code": string; readonly "message": string; } | null; readonly "completed_bytes": number; readonly "total_bytes": number | null; readonly "bytes_per_second": number | null; readonly "eta_seconds": number | null; readonly "files": readonly ({ readonly "name": string; readonly "completed_bytes": number; readonly "total_bytes": number | null; readonly "sha256": string | null; })[]; readonly "models": readonly (string)[]; readonly "created_by": string; readonly "created_by_name": string; readonly "created_at": string; readonly "updated_at": string; readonly "finished_at": string | null; };
  };
  /** Pulls of models, newest first. */
  readonly "pulls.list": {
    readonly input: { readonly "limit"?: number | undefined; };
    readonly output: { readonly "pulls": readonly ({ readonly "id": string; readonly "kind": "ollama" | "huggingface" | "url" | "file"; readonly "source": string; readonly "integration": string | null; readonly "replica": string | null; readonly "revision": string | null; readonly "license": string | null; readonly "phase": "queued" | "resolving" | "downloading" | "verifying" | "registering" | "warming_up" | "done" | "failed" | "paused" | "cancelled"; readonly "detail": string | null; readonly "error": { readonly "code": string; readonly "message": string; } | null; readonly "completed_bytes": number; readonly "total_bytes": number | null; readonly "bytes_per_second": number | null; readonly "eta_seconds": number | null; readonly "files": readonly ({ readonly "name": string; readonly "completed_bytes": number; readonly "total_bytes": number | null; readonly "sha256": string | null; })[]; readonly "models": readonly (string)[]; readonly "created_by": string; readonly "created_by_name": string; readonly "created_at": string; readonly "updated_at": string; readonly "finished_at": string | null; })[]; };
  };
  /** One pull. As text/event-stream every change of it, until it rests. */
  readonly "pulls.get": {
    readonly input: { readonly "id": string; };
    readonly output: { readonly "id": string; readonly "kind": "ollama" | "huggingface" | "url" | "file"; readonly "source": string; readonly "integration": string | null; readonly "replica": string | null; readonly "revision": string | null; readonly "license": string | null; readonly "phase": "queued" | "resolving" | "downloading" | "verifying" | "registering" | "warming_up" | "done" | "failed" | "paused" | "cancelled"; readonly "detail": string | null; readonly "error": { readonly "code": string; readonly "message": string; } | null; readonly "completed_bytes": number; readonly "total_bytes": number | null; readonly "bytes_per_second": number | null; readonly "eta_seconds": number | null; readonly "files": readonly ({ readonly "name": string; readonly "completed_bytes": number; readonly "total_bytes": number | null; readonly "sha256": string | null; })[]; readonly "models": readonly (string)[]; readonly "created_by": string; readonly "created_by_name": string; readonly "created_at": string; readonly "updated_at": string; readonly "finished_at": string | null; };
  };
  /** Stops a pull so that it can go on later with what is there. */
  readonly "pulls.pause": {
    readonly input: { readonly "id": string; };
    readonly output: { readonly "id": string; readonly "kind": "ollama" | "huggingface" | "url" | "file"; readonly "source": string; readonly "integration": string | null; readonly "replica": string | null; readonly "revision": string | null; readonly "license": string | null; readonly "phase": "queued" | "resolving" | "downloading" | "verifying" | "registering" | "warming_up" | "done" | "failed" | "paused" | "cancelled"; readonly "detail": string | null; readonly "error": { readonly "code": string; readonly "message": string; } | null; readonly "completed_bytes": number; readonly "total_bytes": number | null; readonly "bytes_per_second": number | null; readonly "eta_seconds": number | null; readonly "files": readonly ({ readonly "name": string; readonly "completed_bytes": number; readonly "total_bytes": number | null; readonly "sha256": string | null; })[]; readonly "models": readonly (string)[]; readonly "created_by": string; readonly "created_by_name": string; readonly "created_at": string; readonly "updated_at": string; readonly "finished_at": string | null; };
  };
  /** Lets a pull go on that is paused, failed or was cancelled. */
  readonly "pulls.resume": {
    readonly input: { readonly "id": string; };
    readonly output: { readonly "id": string; readonly "kind": "ollama" | "huggingface" | "url" | "file"; readonly "source": string; readonly "integration": string | null; readonly "replica": string | null; readonly "revision": string | null; readonly "license": string | null; readonly "phase": "queued" | "resolving" | "downloading" | "verifying" | "registering" | "warming_up" | "done" | "failed" | "paused" | "cancelled"; readonly "detail": string | null; readonly "error": { readonly "code": string; readonly "message": string; } | null; readonly "completed_bytes": number; readonly "total_bytes": number | null; readonly "bytes_per_second": number | null; readonly "eta_seconds": number | null; readonly "files": readonly ({ readonly "name": string; readonly "completed_bytes": number; readonly "total_bytes": number | null; readonly "sha256": string | null; })[]; readonly "models": readonly (string)[]; readonly "created_by": string; readonly "created_by_name": string; readonly "created_at": string; readonly "updated_at": string; readonly "finished_at": string | null; };
  };
  /** Stops a pull for good, and takes away what it has fetched. */
  readonly "pulls.cancel": {
    readonly input: { readonly "id": string; };
    readonly output: { readonly "id": string; readonly "kind": "ollama" | "huggingface" | "url" | "file"; readonly "source": string; readonly "integration": string | null; readonly "replica": string | null; readonly "revision": string | null; readonly "license": string | null; readonly "phase": "queued" | "resolving" | "downloading" | "verifying" | "registering" | "warming_up" | "done" | "failed" | "paused" | "cancelled"; readonly "detail": string | null; readonly "error": { readonly "code": string; readonly "message": string; } | null; readonly "completed_bytes": number; readonly "total_bytes": number | null; readonly "bytes_per_second": number | null; readonly "eta_seconds": number | null; readonly "files": readonly ({ readonly "name": string; readonly "completed_bytes": number; readonly "total_bytes": number | null; readonly "sha256": string | null; })[]; readonly "models": readonly (string)[]; readonly "created_by": string; readonly "created_by_name": string; readonly "created_at": string; readonly "updated_at": string; readonly "finished_at": string | null; };
  };
  /** Changes how much of the network downloads of models may take, at once and until the next start. */
  readonly "pulls.limit": {
    readonly input: { readonly "bytes_per_second": number | null; };
    readonly output: { readonly "bytes_per_second": number | null; };
  };
  /** Searches repositories of models. */
  readonly "huggingface.search": {
    readonly input: { readonly "query"?: string | undefined; readonly "author"?: string | undefined; readonly "task"?: string | undefined; readonly "library"?: string | undefined; readonly "license"?: string | undefined; readonly "quantization"?: string | undefined; readonly "gated"?: string | boolean | undefined; readonly "max_parameters"?: number | undefined; readonly "sort"?: "downloads" | "likes" | "updated" | "trending" | undefined; readonly "limit"?: number | undefined; readonly "cursor"?: string | undefined; readonly "integration"?: string | undefined; };
    readonly output: { readonly "models": readonly ({ readonly "id": string; readonly "gated": "no" | "automatic" | "manual"; readonly "private": boolean; readonly "downloads": number | null; readonly "likes": number | null; readonly "task": string | null; readonly "library": string | null; readonly "license": string | null; readonly "parameters": number | null; readonly "updated_at": string | null; })[]; readonly "next_cursor": string | null; };
  };
  /** What a repository holds: its files, what they can do to who loads them, and which fits into the memory. */
  readonly "huggingface.info": {
    readonly input: { readonly "repository": string; readonly "revision"?: string | undefined; readonly "memory_bytes"?: number | undefined; readonly "integration"?: string | undefined; };
    readonly output: { readonly "id": string; readonly "gated": "no" | "automatic" | "manual"; readonly "private": boolean; readonly "downloads": number | null; readonly "likes": number | null; readonly "task": string | null; readonly "library": string | null; readonly "license": string | null; readonly "parameters": number | null; readonly "updated_at": string | null; readonly "revision": string; readonly "memory_bytes": number; readonly "recommended": string | null; readonly "quantizations": readonly ({ readonly "name": string; readonly "size_bytes": number; readonly "memory_bytes": number; readonly "fits": boolean; readonly "files": readonly (string)[]; })[]; readonly "files": readonly ({ readonly "path": string; readonly "size_bytes": number; readonly "sha256": string | null; readonly "risk": "none" | "runs_code" | "program"; })[]; readonly "warnings": readonly (string)[]; };
  };
  /** Pulls a model from a repository; the same as pulls.start with the kind huggingface. */
  readonly "huggingface.download": {
    readonly input: { readonly "repository": string; readonly "integration"?: string | undefined; readonly "revision"?: string | undefined; readonly "file"?: string | undefined; readonly "quantization"?: string | undefined; readonly "name"?: string | undefined; readonly "sha256"?: string | undefined; readonly "load"?: boolean | undefined; };
    readonly output: { readonly "id": string; readonly "kind": "ollama" | "huggingface" | "url" | "file"; readonly "source": string; readonly "integration": string | null; readonly "replica": string | null; readonly "revision": string | null; readonly "license": string | null; readonly "phase": "queued" | "resolving" | "downloading" | "verifying" | "registering" | "warming_up" | "done" | "failed" | "paused" | "cancelled"; readonly "detail": string | null; readonly "error": { readonly "code": string; readonly "message": string; } | null; readonly "completed_bytes": number; readonly "total_bytes": number | null; readonly "bytes_per_second": number | null; readonly "eta_seconds": number | null; readonly "files": readonly ({ readonly "name": string; readonly "completed_bytes": number; readonly "total_bytes": number | null; readonly "sha256": string | null; })[]; readonly "models": readonly (string)[]; readonly "created_by": string; readonly "created_by_name": string; readonly "created_at": string; readonly "updated_at": string; readonly "finished_at": string | null; };
  };
  /** What was used in a time: calls, errors, tokens, costs, percentiles, and models without a price. */
  readonly "usage.sum": {
    readonly input: { readonly "range"?: "24h" | "7d" | "30d" | "90d" | undefined; readonly "from"?: string | undefined; readonly "until"?: string | undefined; readonly "bucket"?: "minute" | "hour" | "day" | "none" | undefined; readonly "group_by"?: string | undefined; readonly "integration"?: string | undefined; readonly "model"?: string | undefined; readonly "principal"?: string | undefined; readonly "provider"?: string | undefined; readonly "operation"?: string | undefined; readonly "percentiles"?: boolean | string | undefined; };
    readonly output: { readonly "from": string; readonly "until": string; readonly "bucket": "minute" | "hour" | "day" | "none"; readonly "usage": readonly ({ readonly "bucket_start": string | null; readonly "model"?: string | undefined; readonly "principal"?: string | undefined; readonly "integration"?: string | undefined; readonly "provider"?: string | undefined; readonly "operation"?: string | undefined; readonly "attempts": number; readonly "calls": number; readonly "errors": Readonly<Record<string, number>>; readonly "input_tokens": number; readonly "output_tokens": number; readonly "cache_read_tokens": number; readonly "cache_write_tokens": number; readonly "reasoning_tokens": number; readonly "costs": readonly ({ readonly "currency": string; readonly "cost_micros": number; })[]; readonly "unpriced_attempts": number; readonly "estimated_attempts": number; readonly "duration_ms": { readonly "mean": number; readonly "p50": number; readonly "p95": number; readonly "p99": number; } | null; readonly "first_byte_ms": { readonly "mean": number; readonly "p50": number; readonly "p95": number; readonly "p99": number; } | null; })[]; readonly "unknown_prices": readonly ({ readonly "integration": string; readonly "model": string; readonly "attempts": number; })[]; readonly "records_behind": number; };
  };
  /** Calls, failures, tokens, costs and times of the past, bucket by bucket: from Prometheus where one is configured and answers, else from the ledger. */
  readonly "usage.history": {
    readonly input: { readonly "range"?: "24h" | "7d" | "30d" | "90d" | undefined; readonly "from"?: string | undefined; readonly "until"?: string | undefined; readonly "bucket"?: "minute" | "hour" | "day" | undefined; };
    readonly output: { readonly "from": string; readonly "until": string; readonly "bucket": "minute" | "hour" | "day"; readonly "source": "prometheus" | "ledger"; readonly "problem": string | null; readonly "first_content_bounds_ms": readonly (number)[]; readonly "points": readonly ({ readonly "bucket_start": string; readonly "calls": number; readonly "failed": number; readonly "errors": Readonly<Record<string, number>>; readonly "input_tokens": number; readonly "output_tokens": number; readonly "costs": readonly ({ readonly "currency": string; readonly "cost_micros": number; })[]; readonly "duration_ms": { readonly "p50": number; readonly "p95": number; readonly "p99": number; } | null; readonly "first_content_ms": { readonly "p50": number; readonly "p95": number; readonly "p99": number; } | null; readonly "first_content_counts": readonly (number)[] | null; })[]; };
  };
  /** The lines of the bill: one for each attempt, latest first. */
  readonly "usage.list": {
    readonly input: { readonly "from"?: string | undefined; readonly "until"?: string | undefined; readonly "integration"?: string | undefined; readonly "model"?: string | undefined; readonly "principal"?: string | undefined; readonly "outcome"?: "stop" | "length" | "tool_calls" | "content_filter" | "client_cancelled" | "upstream_incomplete" | "upstream_timeout" | "upstream_malformed" | "upstream_error" | "gateway_shutdown" | "interrupted" | undefined; readonly "request_id"?: string | undefined; readonly "request_ids"?: string | undefined; readonly "attempt"?: number | undefined; readonly "limit"?: number | undefined; readonly "cursor"?: string | undefined; };
    readonly output: { readonly "usage": readonly ({ readonly "attempt_id": string; readonly "request_id": string; readonly "attempt": number; readonly "started_at": string; readonly "duration_ms": number; readonly "first_byte_ms": number | null; readonly "principal": string; readonly "operation": string; readonly "requested_model": string; readonly "integration": string; readonly "provider": string; readonly "upstream_model": string; readonly "stream": boolean; readonly "outcome": "stop" | "length" | "tool_calls" | "content_filter" | "client_cancelled" | "upstream_incomplete" | "upstream_timeout" | "upstream_malformed" | "upstream_error" | "gateway_shutdown" | "interrupted"; readonly "http_status": number | null; readonly "error_code": string | null; readonly "input_tokens": number | null; readonly "output_tokens": number | null; readonly "cache_read_tokens": number | null; readonly "cache_write_tokens": number | null; readonly "reasoning_tokens": number | null; readonly "usage_source": "reported" | "estimated" | "none"; readonly "cost_micros": number | null; readonly "currency": string | null; readonly "price_version": string | null; })[]; readonly "next_cursor": string | null; };
  };
  /** Calls of models, those that were refused included. Without `usage.read`, one's own. A page may be short, and its next goes on: where what is asked for is rare, as many calls are looked at as can be in some milliseconds. */
  readonly "requests.list": {
    readonly input: { readonly "from"?: string | undefined; readonly "until"?: string | undefined; readonly "model"?: string | undefined; readonly "integration"?: string | undefined; readonly "operation"?: string | undefined; readonly "principal"?: string | undefined; readonly "user"?: string | undefined; readonly "team"?: string | undefined; readonly "status"?: "ok" | "failed" | "refused" | "cancelled" | undefined; readonly "error_code"?: string | undefined; readonly "min_duration_ms"?: number | undefined; readonly "min_cost_micros"?: number | undefined; readonly "stream"?: boolean | string | undefined; readonly "search"?: string | undefined; readonly "sort"?: "time" | "duration" | "cost" | undefined; readonly "order"?: "latest" | "earliest" | undefined; readonly "limit"?: number | undefined; readonly "cursor"?: string | undefined; };
    readonly output: { readonly "requests": readonly ({ readonly "id": string; readonly "started_at": string; readonly "duration_ms": number; readonly "status": "ok" | "failed" | "refused" | "cancelled" | "unfinished"; readonly "outcome": "stop" | "length" | "tool_calls" | "content_filter" | "client_cancelled" | "upstream_incomplete" | "upstream_timeout" | "upstream_malformed" | "upstream_error" | "gateway_shutdown" | "interrupted" | null; readonly "principal": string; readonly "operation": string; readonly "requested_model": string; readonly "integration": string | null; readonly "provider": string | null; readonly "upstream_model": string | null; readonly "stream": boolean; readonly "attempt_count": number; readonly "http_status": number | null; readonly "error_code": string | null; readonly "message": string | null; readonly "first_byte_ms": number | null; readonly "input_tokens": number; readonly "output_tokens": number; readonly "costs": readonly ({ readonly "currency": string; readonly "cost_micros": number; })[]; readonly "unpriced_attempts": number; readonly "replica": string | null; })[]; readonly "next_cursor": string | null; readonly "previous_cursor": string | null; readonly "searched_from": string | null; };
  };
  /** One call, explained: what it was chosen among, its attempts, where its time went, tokens, cost, and how it ended. Without `usage.read`, one's own. */
  readonly "requests.get": {
    readonly input: { readonly "id": string; };
    readonly output: { readonly "request": { readonly "id": string; readonly "started_at": string; readonly "duration_ms": number; readonly "status": "ok" | "failed" | "refused" | "cancelled" | "unfinished"; readonly "outcome": "stop" | "length" | "tool_calls" | "content_filter" | "client_cancelled" | "upstream_incomplete" | "upstream_timeout" | "upstream_malformed" | "upstream_error" | "gateway_shutdown" | "interrupted" | null; readonly "principal": string; readonly "operation": string; readonly "requested_model": string; readonly "integration": string | null; readonly "provider": string | null; readonly "upstream_model": string | null; readonly "stream": boolean; readonly "attempt_count": number; readonly "http_status": number | null; readonly "error_code": string | null; readonly "message": string | null; readonly "first_byte_ms": number | null; readonly "input_tokens": number; readonly "output_tokens": number; readonly "costs": readonly ({ readonly "currency": string; readonly "cost_micros": number; })[]; readonly "unpriced_attempts": number; readonly "replica": string | null; }; readonly "times": { readonly "total_us": number; readonly "phases": readonly ({ readonly "phase": "auth" | "receive" | "parse" | "queue" | "limits" | "route" | "back_off" | "connect" | "first_byte" | "first_content" | "record" | "stream"; readonly "attempt": number | null; readonly "start_us": number; readonly "duration_us": number; })[]; }; readonly "candidates": readonly ({ readonly "target": string; readonly "verdict": "chosen" | "least_bad" | "open_breaker" | "not_running" | "not_offered" | "no_budget" | "tried_before" | "context_too_small" | "not_needed"; readonly "breaker": "closed" | "half_open" | "open"; readonly "share": number | null; })[]; readonly "attempts": readonly ({ readonly "attempt_id": string; readonly "request_id": string; readonly "attempt": number; readonly "started_at": string; readonly "duration_ms": number; readonly "first_byte_ms": number | null; readonly "principal": string; readonly "operation": string; readonly "requested_model": string; readonly "integration": string; readonly "provider": string; readonly "upstream_model": string; readonly "stream": boolean; readonly "outcome": "stop" | "length" | "tool_calls" | "content_filter" | "client_cancelled" | "upstream_incomplete" | "upstream_timeout" | "upstream_malformed" | "upstream_error" | "gateway_shutdown" | "interrupted"; readonly "http_status": number | null; readonly "error_code": string | null; readonly "input_tokens": number | null; readonly "output_tokens": number | null; readonly "cache_read_tokens": number | null; readonly "cache_write_tokens": number | null; readonly "reasoning_tokens": number | null; readonly "usage_source": "reported" | "estimated" | "none"; readonly "cost_micros": number | null; readonly "currency": string | null; readonly "price_version": string | null; readonly "candidates": readonly ({ readonly "target": string; readonly "verdict": "chosen" | "least_bad" | "open_breaker" | "not_running" | "not_offered" | "no_budget" | "tried_before" | "context_too_small" | "not_needed"; readonly "breaker": "closed" | "half_open" | "open"; readonly "share": number | null; })[]; })[]; };
  };
  /** The names that callers may use beside `integration/model`, where each leads, and how that is now. Breakers are those of the server that answers, of each the worst of its processes. */
  readonly "routes.list": {
    readonly input: { readonly "kind"?: "route" | "alias" | "model" | "target" | undefined; };
    readonly output: { readonly "routes": readonly ({ readonly "model": string; readonly "kind": "route" | "alias" | "model" | "target"; readonly "origin": "config" | "operator" | null; readonly "setting": string | null; readonly "alias_of": string | null; readonly "targets": readonly ({ readonly "model": string; readonly "weight": number; })[]; readonly "fallbacks": readonly (string)[]; readonly "version": string | null; readonly "changed_at": string | null; readonly "changed_by": string | null; readonly "state": "ready" | "degraded" | "down"; readonly "candidates": readonly ({ readonly "target": string; readonly "verdict": "chosen" | "least_bad" | "open_breaker" | "not_running" | "not_offered" | "no_budget" | "tried_before" | "context_too_small" | "not_needed"; readonly "breaker": "closed" | "half_open" | "open"; readonly "share": number | null; readonly "role": "target" | "fallback"; readonly "chance": number; readonly "wait_ms": number | null; readonly "reason": string | null; readonly "weight": number | null; })[]; readonly "limits": readonly ({ readonly "model": string; readonly "requests_per_minute": number | null; readonly "tokens_per_minute": number | null; readonly "max_concurrent": number | null; })[]; })[]; readonly "policy": { readonly "max_retries": number; readonly "first_byte_timeout_seconds": number; readonly "request_timeout_seconds": number; readonly "breaker": { readonly "failures": number; readonly "window_calls": number; readonly "window_seconds": number; readonly "open_seconds": number; readonly "max_open_seconds": number; }; }; };
  };
  /** Where one name leads, also `integration/model`, and how that is now. */
  readonly "routes.get": {
    readonly input: { readonly "model": string; };
    readonly output: { readonly "route": { readonly "model": string; readonly "kind": "route" | "alias" | "model" | "target"; readonly "origin": "config" | "operator" | null; readonly "setting": string | null; readonly "alias_of": string | null; readonly "targets": readonly ({ readonly "model": string; readonly "weight": number; })[]; readonly "fallbacks": readonly (string)[]; readonly "version": string | null; readonly "changed_at": string | null; readonly "changed_by": string | null; readonly "state": "ready" | "degraded" | "down"; readonly "candidates": readonly ({ readonly "target": string; readonly "verdict": "chosen" | "least_bad" | "open_breaker" | "not_running" | "not_offered" | "no_budget" | "tried_before" | "context_too_small" | "not_needed"; readonly "breaker": "closed" | "half_open" | "open"; readonly "share": number | null; readonly "role": "target" | "fallback"; readonly "chance": number; readonly "wait_ms": number | null; readonly "reason": string | null; readonly "weight": number | null; })[]; readonly "limits": readonly ({ readonly "model": string; readonly "requests_per_minute": number | null; readonly "tokens_per_minute": number | null; readonly "max_concurrent": number | null; })[]; }; };
  };
  /** What would happen to a call of a model now, without making one. Breakers are those of the server that answers. */
  readonly "routes.explain": {
    readonly input: { readonly "model": string; };
    readonly output: { readonly "model": string; readonly "candidates": readonly ({ readonly "target": string; readonly "verdict": "chosen" | "least_bad" | "open_breaker" | "not_running" | "not_offered" | "no_budget" | "tried_before" | "context_too_small" | "not_needed"; readonly "breaker": "closed" | "half_open" | "open"; readonly "share": number | null; readonly "role": "target" | "fallback"; readonly "chance": number; readonly "wait_ms": number | null; readonly "reason": string | null; })[]; };
  };
  /** Makes a name for callers: an alias of a model, or a route to several with weights and fallbacks. It holds on every replica, from the next call on and after a restart. A name of the configuration stays the configuration's. */
  readonly "routes.create": {
    readonly input: { readonly "model": string; readonly "alias_of"?: string | undefined; readonly "targets"?: readonly ({ readonly "model": string; readonly "weight"?: number | undefined; })[] | undefined; readonly "fallbacks"?: readonly (string)[] | undefined; };
    readonly output: { readonly "route": { readonly "model": string; readonly "kind": "route" | "alias" | "model" | "target"; readonly "origin": "config" | "operator" | null; readonly "setting": string | null; readonly "alias_of": string | null; readonly "targets": readonly ({ readonly "model": string; readonly "weight": number; })[]; readonly "fallbacks": readonly (string)[]; readonly "version": string | null; readonly "changed_at": string | null; readonly "changed_by": string | null; readonly "state": "ready" | "degraded" | "down"; readonly "candidates": readonly ({ readonly "target": string; readonly "verdict": "chosen" | "least_bad" | "open_breaker" | "not_running" | "not_offered" | "no_budget" | "tried_before" | "context_too_small" | "not_needed"; readonly "breaker": "closed" | "half_open" | "open"; readonly "share": number | null; readonly "role": "target" | "fallback"; readonly "chance": number; readonly "wait_ms": number | null; readonly "reason": string | null; readonly "weight": number | null; })[]; readonly "limits": readonly ({ readonly "model": string; readonly "requests_per_minute": number | null; readonly "tokens_per_minute": number | null; readonly "max_concurrent": number | null; })[]; }; };
  };
  /** Changes a name that an operator has made, at once and on every replica; what is not said stays. Calls in flight keep to where they go. */
  readonly "routes.update": {
    readonly input: { readonly "model": string; readonly "new_model"?: string | undefined; readonly "alias_of"?: string | undefined; readonly "targets"?: readonly ({ readonly "model": string; readonly "weight"?: number | undefined; })[] | undefined; readonly "fallbacks"?: readonly (string)[] | undefined; readonly "if_version"?: string | undefined; };
    readonly output: { readonly "route": { readonly "model": string; readonly "kind": "route" | "alias" | "model" | "target"; readonly "origin": "config" | "operator" | null; readonly "setting": string | null; readonly "alias_of": string | null; readonly "targets": readonly ({ readonly "model": string; readonly "weight": number; })[]; readonly "fallbacks": readonly (string)[]; readonly "version": string | null; readonly "changed_at": string | null; readonly "changed_by": string | null; readonly "state": "ready" | "degraded" | "down"; readonly "candidates": readonly ({ readonly "target": string; readonly "verdict": "chosen" | "least_bad" | "open_breaker" | "not_running" | "not_offered" | "no_budget" | "tried_before" | "context_too_small" | "not_needed"; readonly "breaker": "closed" | "half_open" | "open"; readonly "share": number | null; readonly "role": "target" | "fallback"; readonly "chance": number; readonly "wait_ms": number | null; readonly "reason": string | null; readonly "weight": number | null; })[]; readonly "limits": readonly ({ readonly "model": string; readonly "requests_per_minute": number | null; readonly "tokens_per_minute": number | null; readonly "max_concurrent": number | null; })[]; }; };
  };
  /** Deletes a name that an operator has made, at once and on every replica. Refused while other names would lead nowhere without it. */
  readonly "routes.delete": {
    readonly input: { readonly "model": string; readonly "if_version"?: string | undefined; };
    readonly output: { readonly "model": string; };
  };
  /** Where calls of a name would go now if it were made or changed like this, without changing anything. Refused as the change would be. */
  readonly "routes.preview": {
    readonly input: { readonly "model": string; readonly "alias_of"?: string | undefined; readonly "targets"?: readonly ({ readonly "model": string; readonly "weight"?: number | undefined; })[] | undefined; readonly "fallbacks"?: readonly (string)[] | undefined; };
    readonly output: { readonly "model": string; readonly "candidates": readonly ({ readonly "target": string; readonly "verdict": "chosen" | "least_bad" | "open_breaker" | "not_running" | "not_offered" | "no_budget" | "tried_before" | "context_too_small" | "not_needed"; readonly "breaker": "closed" | "half_open" | "open"; readonly "share": number | null; readonly "role": "target" | "fallback"; readonly "chance": number; readonly "wait_ms": number | null; readonly "reason": string | null; })[]; };
  };
  /** What a call asked and was answered, where it was kept. Each reading is on record. */
  readonly "usage.content": {
    readonly input: { readonly "request_id": string; };
    readonly output: { readonly "request_id": string; readonly "time": string; readonly "principal": string; readonly "operation": string; readonly "model": string; readonly "outcome": string; readonly "request": { readonly "text": string; readonly "bytes": number; readonly "truncated": boolean; }; readonly "reply": { readonly "text": string; readonly "bytes": number; readonly "truncated": boolean; } | null; };
  };
  /** Reckons costs anew by the prices of now, each record by those of its time, and tells the difference. */
  readonly "usage.reprice": {
    readonly input: { readonly "from": string; readonly "until"?: string | undefined; readonly "dry_run"?: boolean | undefined; readonly "cursor"?: string | undefined; };
    readonly output: { readonly "examined": number; readonly "changed": number; readonly "priced_anew": number; readonly "differences": readonly ({ readonly "currency": string; readonly "cost_micros": number; })[]; readonly "next_cursor": string | null; };
  };
  /** What models cost: of several prices that fit a model the first holds. And models in use without one. */
  readonly "prices.list": {
    readonly input: { readonly "at"?: string | undefined; readonly "when"?: "in_force" | "later" | "any" | undefined; readonly "model"?: string | undefined; readonly "integration"?: string | undefined; readonly "source"?: "operator" | "config" | "bundled" | undefined; };
    readonly output: { readonly "at": string; readonly "prices": readonly ({ readonly "version": string; readonly "source": "operator" | "config" | "bundled"; readonly "integration": string | null; readonly "provider": string | null; readonly "model": string; readonly "currency": string; readonly "input_per_million": number; readonly "output_per_million": number; readonly "cache_read_per_million": number | null; readonly "cache_write_per_million": number | null; readonly "reasoning_per_million": number | null; readonly "long": { readonly "above_input_tokens": number; readonly "input_per_million": number; readonly "output_per_million": number; readonly "cache_read_per_million": number | null; readonly "cache_write_per_million": number | null; } | null; readonly "per_request": number | null; readonly "per_second": number | null; readonly "energy": { readonly "watts": number; readonly "price_per_kwh": number; } | null; readonly "effective_from": string | null; readonly "effective_until": string | null; readonly "is_readable": boolean; })[]; readonly "unpriced": readonly ({ readonly "integration": string; readonly "model": string; readonly "attempts": number; })[]; };
  };
  /** Sets what models cost from a time on. It beats what the configuration says and what came with the server. */
  readonly "prices.put": {
    readonly input: { readonly "integration"?: string | undefined; readonly "provider"?: string | undefined; readonly "model": string; readonly "input_per_million"?: number | undefined; readonly "output_per_million"?: number | undefined; readonly "cache_read_per_million"?: number | undefined; readonly "cache_write_per_million"?: number | undefined; readonly "reasoning_per_million"?: number | undefined; readonly "per_request"?: number | undefined; readonly "per_second"?: number | undefined; readonly "energy"?: { readonly "watts": number; readonly "price_per_kwh": number; } | undefined; readonly "currency"?: string | undefined; readonly "effective_from"?: string | undefined; };
    readonly output: { readonly "version": string; readonly "source": "operator" | "config" | "bundled"; readonly "integration": string | null; readonly "provider": string | null; readonly "model": string; readonly "currency": string; readonly "input_per_million": number; readonly "output_per_million": number; readonly "cache_read_per_million": number | null; readonly "cache_write_per_million": number | null; readonly "reasoning_per_million": number | null; readonly "long": { readonly "above_input_tokens": number; readonly "input_per_million": number; readonly "output_per_million": number; readonly "cache_read_per_million": number | null; readonly "cache_write_per_million": number | null; } | null; readonly "per_request": number | null; readonly "per_second": number | null; readonly "energy": { readonly "watts": number; readonly "price_per_kwh": number; } | null; readonly "effective_from": string | null; readonly "effective_until": string | null; readonly "is_readable": boolean; };
  };
  /** Ends what an operator has set for models, from now on: what calls before cost stays as it is. */
  readonly "prices.delete": {
    readonly input: { readonly "integration"?: string | undefined; readonly "provider"?: string | undefined; readonly "model": string; };
    readonly output: { readonly "ended": readonly ({ readonly "version": string; readonly "source": "operator" | "config" | "bundled"; readonly "integration": string | null; readonly "provider": string | null; readonly "model": string; readonly "currency": string; readonly "input_per_million": number; readonly "output_per_million": number; readonly "cache_read_per_million": number | null; readonly "cache_write_per_million": number | null; readonly "reasoning_per_million": number | null; readonly "long": { readonly "above_input_tokens": number; readonly "input_per_million": number; readonly "output_per_million": number; readonly "cache_read_per_million": number | null; readonly "cache_write_per_million": number | null; } | null; readonly "per_request": number | null; readonly "per_second": number | null; readonly "energy": { readonly "watts": number; readonly "price_per_kwh": number; } | null; readonly "effective_from": string | null; readonly "effective_until": string | null; readonly "is_readable": boolean; })[]; };
  };
  /** Budgets, with what is spent and reserved of them. */
  readonly "budgets.list": {
    readonly input: { readonly "scope"?: "key" | "user" | "team" | "integration" | "global" | undefined; readonly "subject"?: string | undefined; };
    readonly output: { readonly "budgets": readonly ({ readonly "id": string; readonly "name": string; readonly "scope": "key" | "user" | "team" | "integration" | "global"; readonly "subject": string | null; readonly "period": "day" | "week" | "month" | "total"; readonly "currency": string; readonly "amount_micros": number; readonly "warn_at_percents": readonly (number)[]; readonly "action": "block" | "warn"; readonly "spent_micros": number; readonly "assumed_micros": number; readonly "reserved_micros": number; readonly "remaining_micros": number; readonly "period_start": string; readonly "period_end": string | null; readonly "created_at": string; })[]; };
  };
  /** One budget, with what is spent and reserved of it. */
  readonly "budgets.get": {
    readonly input: { readonly "id": string; };
    readonly output: { readonly "id": string; readonly "name": string; readonly "scope": "key" | "user" | "team" | "integration" | "global"; readonly "subject": string | null; readonly "period": "day" | "week" | "month" | "total"; readonly "currency": string; readonly "amount_micros": number; readonly "warn_at_percents": readonly (number)[]; readonly "action": "block" | "warn"; readonly "spent_micros": number; readonly "assumed_micros": number; readonly "reserved_micros": number; readonly "remaining_micros": number; readonly "period_start": string; readonly "period_end": string | null; readonly "created_at": string; };
  };
  /** Makes a budget. It counts from now on, and bites on the next call. */
  readonly "budgets.create": {
    readonly input: { readonly "name": string; readonly "scope": "key" | "user" | "team" | "integration" | "global"; readonly "subject"?: string | undefined; readonly "period": "day" | "week" | "month" | "total"; readonly "amount_micros": number; readonly "currency"?: string | undefined; readonly "warn_at_percents"?: readonly (number)[] | undefined; readonly "action"?: "block" | "warn" | undefined; };
    readonly output: { readonly "id": string; readonly "name": string; readonly "scope": "key" | "user" | "team" | "integration" | "global"; readonly "subject": string | null; readonly "period": "day" | "week" | "month" | "total"; readonly "currency": string; readonly "amount_micros": number; readonly "warn_at_percents": readonly (number)[]; readonly "action": "block" | "warn"; readonly "spent_micros": number; readonly "assumed_micros": number; readonly "reserved_micros": number; readonly "remaining_micros": number; readonly "period_start": string; readonly "period_end": string | null; readonly "created_at": string; };
  };
  /** Changes a budget. What is spent of it stays, and the change bites on the next call. */
  readonly "budgets.update": {
    readonly input: { readonly "id": string; readonly "name"?: string | undefined; readonly "amount_micros"?: number | undefined; readonly "warn_at_percents"?: readonly (number)[] | undefined; readonly "action"?: "block" | "warn" | undefined; };
    readonly output: { readonly "id": string; readonly "name": string; readonly "scope": "key" | "user" | "team" | "integration" | "global"; readonly "subject": string | null; readonly "period": "day" | "week" | "month" | "total"; readonly "currency": string; readonly "amount_micros": number; readonly "warn_at_percents": readonly (number)[]; readonly "action": "block" | "warn"; readonly "spent_micros": number; readonly "assumed_micros": number; readonly "reserved_micros": number; readonly "remaining_micros": number; readonly "period_start": string; readonly "period_end": string | null; readonly "created_at": string; };
  };
  /** Deletes a budget, and what is known of its use. */
  readonly "budgets.delete": {
    readonly input: { readonly "id": string; };
    readonly output: { readonly "id": string; readonly "name": string; readonly "scope": "key" | "user" | "team" | "integration" | "global"; readonly "subject": string | null; readonly "period": "day" | "week" | "month" | "total"; readonly "currency": string; readonly "amount_micros": number; readonly "warn_at_percents": readonly (number)[]; readonly "action": "block" | "warn"; readonly "spent_micros": number; readonly "assumed_micros": number; readonly "reserved_micros": number; readonly "remaining_micros": number; readonly "period_start": string; readonly "period_end": string | null; readonly "created_at": string; };
  };
  /** Version, uptime and load of this server. */
  readonly "system.info": {
    readonly input: Readonly<Record<string, never>>;
    readonly output: { readonly "version": string; readonly "node_version": string; readonly "started_at": string; readonly "uptime_seconds": number; readonly "data_dir": string; readonly "requests_in_flight": number; readonly "content_capture": { readonly "is_on": boolean; readonly "keys": readonly (string)[]; readonly "models": readonly (string)[]; }; };
  };
  /** Every setting of this server with its value, where that comes from, and no secret. */
  readonly "system.settings": {
    readonly input: { readonly "search"?: string | undefined; readonly "origin"?: "run_time" | "flag" | "env" | "file" | "default" | undefined; };
    readonly output: { readonly "file": string | null; readonly "settings": readonly ({ readonly "key": string; readonly "value": unknown; readonly "origin": "run_time" | "flag" | "env" | "file" | "default"; readonly "default": unknown; readonly "env": readonly (string)[]; readonly "type": string; readonly "unit": string | null; readonly "is_secret": boolean; readonly "doc": string; })[]; };
  };
  /** What this server stands on: store, Redis, disk, other replicas and certificates. */
  readonly "system.parts": {
    readonly input: Readonly<Record<string, never>>;
    readonly output: { readonly "replicas": { readonly "count": number; readonly "is_shared": boolean; readonly "is_leader": boolean; readonly "name": string; }; readonly "store": { readonly "kind": "sqlite" | "postgresql"; readonly "is_well": boolean; readonly "problem": string | null; readonly "answer_ms": number | null; readonly "bytes": number | null; }; readonly "redis": { readonly "is_up": boolean; readonly "trouble": string | null; readonly "ping_ms": number | null; readonly "used_bytes": number | null; readonly "most_bytes": number | null; } | null; readonly "disk": { readonly "directory": string; readonly "size_bytes": number; readonly "free_bytes": number; readonly "models_bytes": number; readonly "store_bytes": number; }; readonly "certificates": readonly ({ readonly "setting": string; readonly "file": string; readonly "subject": string | null; readonly "issuer": string | null; readonly "names": readonly (string)[]; readonly "valid_from": string | null; readonly "expires_at": string | null; readonly "problem": string | null; })[]; readonly "license": string; };
  };
  /** What somebody needs to know who is asked for help: versions, settings, states, events, problems of the log and metrics, as files to be looked at before they are sent. No secret is in it, and no content of a call. */
  readonly "system.support_bundle": {
    readonly input: { readonly "include_hosts"?: boolean | undefined; };
    readonly output: { readonly "name": string; readonly "created_at": string; readonly "files": readonly ({ readonly "name": string; readonly "about": string; readonly "bytes": number; readonly "text": string; })[]; };
  };
  /** Who the caller is, and what the caller may do. */
  readonly "access.whoami": {
    readonly input: Readonly<Record<string, never>>;
    readonly output: { readonly "id": string; readonly "name": string; readonly "kind": "api_key" | "token" | "local" | "anonymous"; readonly "user": string | null; readonly "role": string | null; readonly "team": { readonly "id": string; readonly "name": string; } | null; readonly "permissions": readonly ("inference.call" | "models.read" | "models.write" | "models.import" | "routes.write" | "integrations.read" | "integrations.write" | "events.read" | "usage.read" | "usage.read_own" | "budgets.read" | "budgets.write" | "content.read" | "usage.write" | "graphql.explore" | "prices.read" | "prices.write" | "metrics.read" | "system.read" | "system.write" | "settings.read" | "self.read" | "self.write" | "users.read" | "users.write" | "keys.read" | "keys.write" | "teams.read" | "teams.write" | "roles.read" | "roles.write" | "audit.read" | "backup.manage" | "secrets.manage")[]; readonly "limits": readonly ({ readonly "scope": "key" | "user" | "team" | "address" | "model" | "global"; readonly "requests_per_minute": number | null; readonly "tokens_per_minute": number | null; readonly "max_concurrent": number | null; })[]; };
  };
  /** Every route that this server answers now, and who may call it. */
  readonly "access.routes": {
    readonly input: Readonly<Record<string, never>>;
    readonly output: { readonly "routes": readonly ({ readonly "method": string; readonly "path": string; readonly "permission": "inference.call" | "models.read" | "models.write" | "models.import" | "routes.write" | "integrations.read" | "integrations.write" | "events.read" | "usage.read" | "usage.read_own" | "budgets.read" | "budgets.write" | "content.read" | "usage.write" | "graphql.explore" | "prices.read" | "prices.write" | "metrics.read" | "system.read" | "system.write" | "settings.read" | "self.read" | "self.write" | "users.read" | "users.write" | "keys.read" | "keys.write" | "teams.read" | "teams.write" | "roles.read" | "roles.write" | "audit.read" | "backup.manage" | "secrets.manage" | null; readonly "roles": readonly (string)[]; })[]; };
  };
  /** API keys, revoked ones included, without their text. */
  readonly "keys.list": {
    readonly input: { readonly "ids"?: string | undefined; readonly "owner"?: string | undefined; readonly "owners"?: string | undefined; readonly "limit"?: number | undefined; readonly "cursor"?: string | undefined; };
    readonly output: { readonly "keys": readonly ({ readonly "id": string; readonly "name": string; readonly "owner": string | null; readonly "scopes": readonly ("inference.call" | "models.read" | "models.write" | "models.import" | "routes.write" | "integrations.read" | "integrations.write" | "events.read" | "usage.read" | "usage.read_own" | "budgets.read" | "budgets.write" | "content.read" | "usage.write" | "graphql.explore" | "prices.read" | "prices.write" | "metrics.read" | "system.read" | "system.write" | "settings.read" | "self.read" | "self.write" | "users.read" | "users.write" | "keys.read" | "keys.write" | "teams.read" | "teams.write" | "roles.read" | "roles.write" | "audit.read" | "backup.manage" | "secrets.manage")[]; readonly "prefix": string; readonly "requests_per_minute": number | null; readonly "tokens_per_minute": number | null; readonly "max_concurrent": number | null; readonly "audit": "normal" | "strict" | null; readonly "capture_content": boolean; readonly "created_at": string; readonly "created_by": string; readonly "expires_at": string | null; readonly "previous_expires_at": string | null; readonly "last_used_at": string | null; readonly "revoked_at": string | null; })[]; readonly "next_cursor": string | null; };
  };
  /** One API key, without its text. */
  readonly "keys.get": {
    readonly input: { readonly "id": string; };
    readonly output: { readonly "id": string; readonly "name": string; readonly "owner": string | null; readonly "scopes": readonly ("inference.call" | "models.read" | "models.write" | "models.import" | "routes.write" | "integrations.read" | "integrations.write" | "events.read" | "usage.read" | "usage.read_own" | "budgets.read" | "budgets.write" | "content.read" | "usage.write" | "graphql.explore" | "prices.read" | "prices.write" | "metrics.read" | "system.read" | "system.write" | "settings.read" | "self.read" | "self.write" | "users.read" | "users.write" | "keys.read" | "keys.write" | "teams.read" | "teams.write" | "roles.read" | "roles.write" | "audit.read" | "backup.manage" | "secrets.manage")[]; readonly "prefix": string; readonly "requests_per_minute": number | null; readonly "tokens_per_minute": number | null; readonly "max_concurrent": number | null; readonly "audit": "normal" | "strict" | null; readonly "capture_content": boolean; readonly "created_at": string; readonly "created_by": string; readonly "expires_at": string | null; readonly "previous_expires_at": string | null; readonly "last_used_at": string | null; readonly "revoked_at": string | null; };
  };
  /** Makes an API key. Its text is in the answer, and nowhere else. */
  readonly "keys.create": {
    readonly input: { readonly "name": string; readonly "owner"?: string | undefined; readonly "role"?: string | undefined; readonly "scopes"?: readonly ("inference.call" | "models.read" | "models.write" | "models.import" | "routes.write" | "integrations.read" | "integrations.write" | "events.read" | "usage.read" | "usage.read_own" | "budgets.read" | "budgets.write" | "content.read" | "usage.write" | "graphql.explore" | "prices.read" | "prices.write" | "metrics.read" | "system.read" | "system.write" | "settings.read" | "self.read" | "self.write" | "users.read" | "users.write" | "keys.read" | "keys.write" | "teams.read" | "teams.write" | "roles.read" | "roles.write" | "audit.read" | "backup.manage" | "secrets.manage")[] | undefined; readonly "expires_at"?: string | undefined; readonly "requests_per_minute"?: number | undefined; readonly "tokens_per_minute"?: number | undefined; readonly "max_concurrent"?: number | undefined; readonly "audit"?: "normal" | "strict" | undefined; readonly "capture_content"?: boolean | undefined; };
    readonly output: { readonly "id": string; readonly "name": string; readonly "owner": string | null; readonly "scopes": readonly ("inference.call" | "models.read" | "models.write" | "models.import" | "routes.write" | "integrations.read" | "integrations.write" | "events.read" | "usage.read" | "usage.read_own" | "budgets.read" | "budgets.write" | "content.read" | "usage.write" | "graphql.explore" | "prices.read" | "prices.write" | "metrics.read" | "system.read" | "system.write" | "settings.read" | "self.read" | "self.write" | "users.read" | "users.write" | "keys.read" | "keys.write" | "teams.read" | "teams.write" | "roles.read" | "roles.write" | "audit.read" | "backup.manage" | "secrets.manage")[]; readonly "prefix": string; readonly "requests_per_minute": number | null; readonly "tokens_per_minute": number | null; readonly "max_concurrent": number | null; readonly "audit": "normal" | "strict" | null; readonly "capture_content": boolean; readonly "created_at": string; readonly "created_by": string; readonly "expires_at": string | null; readonly "previous_expires_at": string | null; readonly "last_used_at": string | null; readonly "revoked_at": string | null; readonly "key": string; };
  };
  /** Changes a key: its name, scopes, limits, policy or end. It bites with the next call. */
  readonly "keys.update": {
    readonly input: { readonly "id": string; readonly "name"?: string | undefined; readonly "scopes"?: readonly ("inference.call" | "models.read" | "models.write" | "models.import" | "routes.write" | "integrations.read" | "integrations.write" | "events.read" | "usage.read" | "usage.read_own" | "budgets.read" | "budgets.write" | "content.read" | "usage.write" | "graphql.explore" | "prices.read" | "prices.write" | "metrics.read" | "system.read" | "system.write" | "settings.read" | "self.read" | "self.write" | "users.read" | "users.write" | "keys.read" | "keys.write" | "teams.read" | "teams.write" | "roles.read" | "roles.write" | "audit.read" | "backup.manage" | "secrets.manage")[] | undefined; readonly "expires_at"?: string | null | undefined; readonly "requests_per_minute"?: number | null | undefined; readonly "tokens_per_minute"?: number | null | undefined; readonly "max_concurrent"?: number | null | undefined; readonly "audit"?: "normal" | "strict" | null | undefined; readonly "capture_content"?: boolean | undefined; };
    readonly output: { readonly "id": string; readonly "name": string; readonly "owner": string | null; readonly "scopes": readonly ("inference.call" | "models.read" | "models.write" | "models.import" | "routes.write" | "integrations.read" | "integrations.write" | "events.read" | "usage.read" | "usage.read_own" | "budgets.read" | "budgets.write" | "content.read" | "usage.write" | "graphql.explore" | "prices.read" | "prices.write" | "metrics.read" | "system.read" | "system.write" | "settings.read" | "self.read" | "self.write" | "users.read" | "users.write" | "keys.read" | "keys.write" | "teams.read" | "teams.write" | "roles.read" | "roles.write" | "audit.read" | "backup.manage" | "secrets.manage")[]; readonly "prefix": string; readonly "requests_per_minute": number | null; readonly "tokens_per_minute": number | null; readonly "max_concurrent": number | null; readonly "audit": "normal" | "strict" | null; readonly "capture_content": boolean; readonly "created_at": string; readonly "created_by": string; readonly "expires_at": string | null; readonly "previous_expires_at": string | null; readonly "last_used_at": string | null; readonly "revoked_at": string | null; };
  };
  /** Gives a key a new text. The one before works a while longer. */
  readonly "keys.rotate": {
    readonly input: { readonly "id": string; readonly "grace_seconds"?: number | undefined; };
    readonly output: { readonly "id": string; readonly "name": string; readonly "owner": string | null; readonly "scopes": readonly ("inference.call" | "models.read" | "models.write" | "models.import" | "routes.write" | "integrations.read" | "integrations.write" | "events.read" | "usage.read" | "usage.read_own" | "budgets.read" | "budgets.write" | "content.read" | "usage.write" | "graphql.explore" | "prices.read" | "prices.write" | "metrics.read" | "system.read" | "system.write" | "settings.read" | "self.read" | "self.write" | "users.read" | "users.write" | "keys.read" | "keys.write" | "teams.read" | "teams.write" | "roles.read" | "roles.write" | "audit.read" | "backup.manage" | "secrets.manage")[]; readonly "prefix": string; readonly "requests_per_minute": number | null; readonly "tokens_per_minute": number | null; readonly "max_concurrent": number | null; readonly "audit": "normal" | "strict" | null; readonly "capture_content": boolean; readonly "created_at": string; readonly "created_by": string; readonly "expires_at": string | null; readonly "previous_expires_at": string | null; readonly "last_used_at": string | null; readonly "revoked_at": string | null; readonly "key": string; };
  };
  /** Ends a key for good. Calls in flight go on. */
  readonly "keys.revoke": {
    readonly input: { readonly "id": string; };
    readonly output: { readonly "id": string; readonly "name": string; readonly "owner": string | null; readonly "scopes": readonly ("inference.call" | "models.read" | "models.write" | "models.import" | "routes.write" | "integrations.read" | "integrations.write" | "events.read" | "usage.read" | "usage.read_own" | "budgets.read" | "budgets.write" | "content.read" | "usage.write" | "graphql.explore" | "prices.read" | "prices.write" | "metrics.read" | "system.read" | "system.write" | "settings.read" | "self.read" | "self.write" | "users.read" | "users.write" | "keys.read" | "keys.write" | "teams.read" | "teams.write" | "roles.read" | "roles.write" | "audit.read" | "backup.manage" | "secrets.manage")[]; readonly "prefix": string; readonly "requests_per_minute": number | null; readonly "tokens_per_minute": number | null; readonly "max_concurrent": number | null; readonly "audit": "normal" | "strict" | null; readonly "capture_content": boolean; readonly "created_at": string; readonly "created_by": string; readonly "expires_at": string | null; readonly "previous_expires_at": string | null; readonly "last_used_at": string | null; readonly "revoked_at": string | null; };
  };
  /** Users and service accounts. */
  readonly "users.list": {
    readonly input: { readonly "ids"?: string | undefined; readonly "team"?: string | undefined; readonly "teams"?: string | undefined; readonly "role"?: string | undefined; readonly "roles"?: string | undefined; readonly "limit"?: number | undefined; readonly "cursor"?: string | undefined; };
    readonly output: { readonly "users": readonly ({ readonly "id": string; readonly "name": string; readonly "kind": "person" | "service_account" | "oidc"; readonly "email": string | null; readonly "role": string; readonly "team": string | null; readonly "is_active": boolean; readonly "requests_per_minute": number | null; readonly "tokens_per_minute": number | null; readonly "max_concurrent": number | null; readonly "created_at": string; })[]; readonly "next_cursor": string | null; };
  };
  /** One user. */
  readonly "users.get": {
    readonly input: { readonly "id": string; };
    readonly output: { readonly "id": string; readonly "name": string; readonly "kind": "person" | "service_account" | "oidc"; readonly "email": string | null; readonly "role": string; readonly "team": string | null; readonly "is_active": boolean; readonly "requests_per_minute": number | null; readonly "tokens_per_minute": number | null; readonly "max_concurrent": number | null; readonly "created_at": string; };
  };
  /** Makes a user. The first one is an admin, and from then on every caller needs a key. */
  readonly "users.create": {
    readonly input: { readonly "name": string; readonly "kind"?: "person" | "service_account" | undefined; readonly "email"?: string | undefined; readonly "role": string; readonly "team"?: string | undefined; readonly "requests_per_minute"?: number | undefined; readonly "tokens_per_minute"?: number | undefined; readonly "max_concurrent"?: number | undefined; readonly "with_key"?: boolean | undefined; };
    readonly output: { readonly "id": string; readonly "name": string; readonly "kind": "person" | "service_account" | "oidc"; readonly "email": string | null; readonly "role": string; readonly "team": string | null; readonly "is_active": boolean; readonly "requests_per_minute": number | null; readonly "tokens_per_minute": number | null; readonly "max_concurrent": number | null; readonly "created_at": string; readonly "key": string | null; };
  };
  /** Changes a user. It bites at once, on the user's keys too. */
  readonly "users.update": {
    readonly input: { readonly "id": string; readonly "email"?: string | null | undefined; readonly "role"?: string | undefined; readonly "team"?: string | null | undefined; readonly "is_active"?: boolean | undefined; readonly "requests_per_minute"?: number | null | undefined; readonly "tokens_per_minute"?: number | null | undefined; readonly "max_concurrent"?: number | null | undefined; };
    readonly output: { readonly "id": string; readonly "name": string; readonly "kind": "person" | "service_account" | "oidc"; readonly "email": string | null; readonly "role": string; readonly "team": string | null; readonly "is_active": boolean; readonly "requests_per_minute": number | null; readonly "tokens_per_minute": number | null; readonly "max_concurrent": number | null; readonly "created_at": string; };
  };
  /** Deletes a user. The user's keys work no longer. */
  readonly "users.delete": {
    readonly input: { readonly "id": string; };
    readonly output: { readonly "id": string; readonly "name": string; readonly "kind": "person" | "service_account" | "oidc"; readonly "email": string | null; readonly "role": string; readonly "team": string | null; readonly "is_active": boolean; readonly "requests_per_minute": number | null; readonly "tokens_per_minute": number | null; readonly "max_concurrent": number | null; readonly "created_at": string; };
  };
  /** What one user may do now, by which role, and within which limits. */
  readonly "users.access": {
    readonly input: { readonly "id": string; };
    readonly output: { readonly "id": string; readonly "name": string; readonly "is_active": boolean; readonly "has_password": boolean; readonly "role": { readonly "name": string; readonly "is_built_in": boolean; readonly "exists": boolean; }; readonly "team": { readonly "id": string; readonly "name": string; } | null; readonly "permissions": readonly ({ readonly "name": "inference.call" | "models.read" | "models.write" | "models.import" | "routes.write" | "integrations.read" | "integrations.write" | "events.read" | "usage.read" | "usage.read_own" | "budgets.read" | "budgets.write" | "content.read" | "usage.write" | "graphql.explore" | "prices.read" | "prices.write" | "metrics.read" | "system.read" | "system.write" | "settings.read" | "self.read" | "self.write" | "users.read" | "users.write" | "keys.read" | "keys.write" | "teams.read" | "teams.write" | "roles.read" | "roles.write" | "audit.read" | "backup.manage" | "secrets.manage"; readonly "summary": string; readonly "is_allowed": boolean; readonly "role": string | null; })[]; readonly "reason": "allowed" | "user_inactive" | "role_missing"; readonly "limits": readonly ({ readonly "scope": "key" | "user" | "team" | "address" | "model" | "global"; readonly "requests_per_minute": number | null; readonly "tokens_per_minute": number | null; readonly "max_concurrent": number | null; })[]; };
  };
  /** Logins that go on, without their tokens. */
  readonly "sessions.list": {
    readonly input: { readonly "user"?: string | undefined; readonly "limit"?: number | undefined; readonly "cursor"?: string | undefined; };
    readonly output: { readonly "sessions": readonly ({ readonly "id": string; readonly "user": string; readonly "created_at": string; readonly "expires_at": string; readonly "is_current": boolean; })[]; readonly "next_cursor": string | null; };
  };
  /** Ends a login: its tokens are dead at once. The user's keys go on working. */
  readonly "sessions.end": {
    readonly input: { readonly "id": string; };
    readonly output: { readonly "id": string; readonly "user": string; readonly "created_at": string; readonly "expires_at": string; readonly "is_current": boolean; };
  };
  /** Ends every login of a user. The user's keys go on working. */
  readonly "users.end_sessions": {
    readonly input: { readonly "id": string; };
    readonly output: { readonly "ended": number; };
  };
  /** Teams. Members of one are in `users.list`. */
  readonly "teams.list": {
    readonly input: { readonly "ids"?: string | undefined; readonly "limit"?: number | undefined; readonly "cursor"?: string | undefined; };
    readonly output: { readonly "teams": readonly ({ readonly "id": string; readonly "name": string; readonly "requests_per_minute": number | null; readonly "tokens_per_minute": number | null; readonly "max_concurrent": number | null; readonly "created_at": string; })[]; readonly "next_cursor": string | null; };
  };
  /** One team. */
  readonly "teams.get": {
    readonly input: { readonly "id": string; };
    readonly output: { readonly "id": string; readonly "name": string; readonly "requests_per_minute": number | null; readonly "tokens_per_minute": number | null; readonly "max_concurrent": number | null; readonly "created_at": string; };
  };
  /** Makes a team, whose members share its limits. */
  readonly "teams.create": {
    readonly input: { readonly "name": string; readonly "requests_per_minute"?: number | undefined; readonly "tokens_per_minute"?: number | undefined; readonly "max_concurrent"?: number | undefined; };
    readonly output: { readonly "id": string; readonly "name": string; readonly "requests_per_minute": number | null; readonly "tokens_per_minute": number | null; readonly "max_concurrent": number | null; readonly "created_at": string; };
  };
  /** Changes a team. New limits bite with the next call of a member, and keep what is used. */
  readonly "teams.update": {
    readonly input: { readonly "id": string; readonly "name"?: string | undefined; readonly "requests_per_minute"?: number | null | undefined; readonly "tokens_per_minute"?: number | null | undefined; readonly "max_concurrent"?: number | null | undefined; };
    readonly output: { readonly "id": string; readonly "name": string; readonly "requests_per_minute": number | null; readonly "tokens_per_minute": number | null; readonly "max_concurrent": number | null; readonly "created_at": string; };
  };
  /** Deletes a team that has no members. */
  readonly "teams.delete": {
    readonly input: { readonly "id": string; };
    readonly output: { readonly "id": string; readonly "name": string; readonly "requests_per_minute": number | null; readonly "tokens_per_minute": number | null; readonly "max_concurrent": number | null; readonly "created_at": string; };
  };
  /** The roles, what each of them allows, and every permission that there is. */
  readonly "roles.list": {
    readonly input: Readonly<Record<string, never>>;
    readonly output: { readonly "roles": readonly ({ readonly "name": string; readonly "description": string; readonly "is_built_in": boolean; readonly "permissions": readonly ("inference.call" | "models.read" | "models.write" | "models.import" | "routes.write" | "integrations.read" | "integrations.write" | "events.read" | "usage.read" | "usage.read_own" | "budgets.read" | "budgets.write" | "content.read" | "usage.write" | "graphql.explore" | "prices.read" | "prices.write" | "metrics.read" | "system.read" | "system.write" | "settings.read" | "self.read" | "self.write" | "users.read" | "users.write" | "keys.read" | "keys.write" | "teams.read" | "teams.write" | "roles.read" | "roles.write" | "audit.read" | "backup.manage" | "secrets.manage")[]; readonly "created_at": string | null; })[]; readonly "permissions": readonly ({ readonly "name": "inference.call" | "models.read" | "models.write" | "models.import" | "routes.write" | "integrations.read" | "integrations.write" | "events.read" | "usage.read" | "usage.read_own" | "budgets.read" | "budgets.write" | "content.read" | "usage.write" | "graphql.explore" | "prices.read" | "prices.write" | "metrics.read" | "system.read" | "system.write" | "settings.read" | "self.read" | "self.write" | "users.read" | "users.write" | "keys.read" | "keys.write" | "teams.read" | "teams.write" | "roles.read" | "roles.write" | "audit.read" | "backup.manage" | "secrets.manage"; readonly "summary": string; })[]; };
  };
  /** One role. */
  readonly "roles.get": {
    readonly input: { readonly "name": string; };
    readonly output: { readonly "name": string; readonly "description": string; readonly "is_built_in": boolean; readonly "permissions": readonly ("inference.call" | "models.read" | "models.write" | "models.import" | "routes.write" | "integrations.read" | "integrations.write" | "events.read" | "usage.read" | "usage.read_own" | "budgets.read" | "budgets.write" | "content.read" | "usage.write" | "graphql.explore" | "prices.read" | "prices.write" | "metrics.read" | "system.read" | "system.write" | "settings.read" | "self.read" | "self.write" | "users.read" | "users.write" | "keys.read" | "keys.write" | "teams.read" | "teams.write" | "roles.read" | "roles.write" | "audit.read" | "backup.manage" | "secrets.manage")[]; readonly "created_at": string | null; };
  };
  /** Makes a role. It allows nothing that its maker may not do. */
  readonly "roles.create": {
    readonly input: { readonly "name": string; readonly "description"?: string | undefined; readonly "permissions": readonly ("inference.call" | "models.read" | "models.write" | "models.import" | "routes.write" | "integrations.read" | "integrations.write" | "events.read" | "usage.read" | "usage.read_own" | "budgets.read" | "budgets.write" | "content.read" | "usage.write" | "graphql.explore" | "prices.read" | "prices.write" | "metrics.read" | "system.read" | "system.write" | "settings.read" | "self.read" | "self.write" | "users.read" | "users.write" | "keys.read" | "keys.write" | "teams.read" | "teams.write" | "roles.read" | "roles.write" | "audit.read" | "backup.manage" | "secrets.manage")[]; };
    readonly output: { readonly "name": string; readonly "description": string; readonly "is_built_in": boolean; readonly "permissions": readonly ("inference.call" | "models.read" | "models.write" | "models.import" | "routes.write" | "integrations.read" | "integrations.write" | "events.read" | "usage.read" | "usage.read_own" | "budgets.read" | "budgets.write" | "content.read" | "usage.write" | "graphql.explore" | "prices.read" | "prices.write" | "metrics.read" | "system.read" | "system.write" | "settings.read" | "self.read" | "self.write" | "users.read" | "users.write" | "keys.read" | "keys.write" | "teams.read" | "teams.write" | "roles.read" | "roles.write" | "audit.read" | "backup.manage" | "secrets.manage")[]; readonly "created_at": string | null; };
  };
  /** Changes a role. It bites at once, on all who have it and on their keys. */
  readonly "roles.update": {
    readonly input: { readonly "name": string; readonly "description"?: string | undefined; readonly "permissions"?: readonly ("inference.call" | "models.read" | "models.write" | "models.import" | "routes.write" | "integrations.read" | "integrations.write" | "events.read" | "usage.read" | "usage.read_own" | "budgets.read" | "budgets.write" | "content.read" | "usage.write" | "graphql.explore" | "prices.read" | "prices.write" | "metrics.read" | "system.read" | "system.write" | "settings.read" | "self.read" | "self.write" | "users.read" | "users.write" | "keys.read" | "keys.write" | "teams.read" | "teams.write" | "roles.read" | "roles.write" | "audit.read" | "backup.manage" | "secrets.manage")[] | undefined; };
    readonly output: { readonly "name": string; readonly "description": string; readonly "is_built_in": boolean; readonly "permissions": readonly ("inference.call" | "models.read" | "models.write" | "models.import" | "routes.write" | "integrations.read" | "integrations.write" | "events.read" | "usage.read" | "usage.read_own" | "budgets.read" | "budgets.write" | "content.read" | "usage.write" | "graphql.explore" | "prices.read" | "prices.write" | "metrics.read" | "system.read" | "system.write" | "settings.read" | "self.read" | "self.write" | "users.read" | "users.write" | "keys.read" | "keys.write" | "teams.read" | "teams.write" | "roles.read" | "roles.write" | "audit.read" | "backup.manage" | "secrets.manage")[]; readonly "created_at": string | null; };
  };
  /** Deletes a role that no user has. */
  readonly "roles.delete": {
    readonly input: { readonly "name": string; };
    readonly output: { readonly "name": string; readonly "description": string; readonly "is_built_in": boolean; readonly "permissions": readonly ("inference.call" | "models.read" | "models.write" | "models.import" | "routes.write" | "integrations.read" | "integrations.write" | "events.read" | "usage.read" | "usage.read_own" | "budgets.read" | "budgets.write" | "content.read" | "usage.write" | "graphql.explore" | "prices.read" | "prices.write" | "metrics.read" | "system.read" | "system.write" | "settings.read" | "self.read" | "self.write" | "users.read" | "users.write" | "keys.read" | "keys.write" | "teams.read" | "teams.write" | "roles.read" | "roles.write" | "audit.read" | "backup.manage" | "secrets.manage")[]; readonly "created_at": string | null; };
  };
  /** Who changed what, or was refused, latest first. */
  readonly "audit.list": {
    readonly input: { readonly "actor"?: string | undefined; readonly "operation"?: string | undefined; readonly "target"?: string | undefined; readonly "from"?: string | undefined; readonly "to"?: string | undefined; readonly "limit"?: number | undefined; readonly "cursor"?: string | undefined; };
    readonly output: { readonly "records": readonly ({ readonly "chain": string; readonly "sequence": number; readonly "time": string; readonly "actor": { readonly "id": string; readonly "name": string; readonly "kind": "api_key" | "token" | "local" | "anonymous" | "platform"; readonly "user": string | null; }; readonly "address": string | null; readonly "request_id": string; readonly "operation": string; readonly "target": { readonly "type": string; readonly "id": string | null; readonly "name": string | null; } | null; readonly "outcome": "started" | "ok" | "refused" | "failed"; readonly "error_code": string | null; readonly "before": unknown; readonly "after": unknown; readonly "hash": string; })[]; readonly "next_cursor": string | null; };
  };
  /** The last record of the audit log by sequence number and hash, to be noted elsewhere. */
  readonly "audit.head": {
    readonly input: Readonly<Record<string, never>>;
    readonly output: { readonly "chain": string; readonly "sequence": number; readonly "hash": string; };
  };
  /** Looks whether the audit log, and the records of calls that it seals, are as they were written, and names the first record that is not. */
  readonly "audit.verify": {
    readonly input: { readonly "sequence"?: number | undefined; readonly "hash"?: string | undefined; readonly "chain"?: string | undefined; };
    readonly output: { readonly "ok": boolean; readonly "records": number; readonly "head": { readonly "chain": string; readonly "sequence": number; readonly "hash": string; }; readonly "first_bad": { readonly "chain": string; readonly "sequence": number; readonly "sink": "database" | "file" | "both"; readonly "reason": "unreadable" | "changed" | "missing" | "foreign" | "unlinked" | "truncated" | "replaced" | "differs"; readonly "detail": string; } | null; readonly "sinks": readonly ({ readonly "name": "database" | "file"; readonly "records": number; })[]; readonly "others": readonly ({ readonly "chain": string; readonly "records": number; readonly "ok": boolean; })[]; readonly "usage": { readonly "seals": number; readonly "records": number; readonly "records_not_kept": number; readonly "first_bad": { readonly "chain": string; readonly "sequence": number; readonly "first_id": number; readonly "last_id": number; readonly "reason": "rows_changed" | "rows_missing" | "rows_added" | "unsealed"; readonly "detail": string; } | null; }; };
  };
  /** Gives a user a password, and ends the user's sessions. */
  readonly "users.set_password": {
    readonly input: { readonly "id": string; readonly "password": string; };
    readonly output: { readonly "has_password": boolean; };
  };
  /** Takes a user's password away, and ends the user's sessions. Keys go on working. */
  readonly "users.clear_password": {
    readonly input: { readonly "id": string; };
    readonly output: { readonly "has_password": boolean; };
  };
  /** Gives an access token and a refresh token for a name and a password. */
  readonly "auth.login": {
    readonly input: { readonly "name": string; readonly "password": string; };
    readonly output: { readonly "access_token": string; readonly "token_type": "Bearer"; readonly "expires_in": number; readonly "refresh_token": string; readonly "refresh_expires_in": number; };
  };
  /** Gives the next access token and refresh token for a refresh token, which works once. */
  readonly "auth.refresh": {
    readonly input: { readonly "refresh_token": string; };
    readonly output: { readonly "access_token": string; readonly "token_type": "Bearer"; readonly "expires_in": number; readonly "refresh_token": string; readonly "refresh_expires_in": number; };
  };
  /** Ends the session of the caller's token: it and every token of the same login are dead at once. */
  readonly "auth.logout": {
    readonly input: Readonly<Record<string, never>>;
    readonly output: { readonly "ended": boolean; };
  };
  /** Changes the caller's own password, and ends the other sessions. */
  readonly "auth.password": {
    readonly input: { readonly "current_password": string; readonly "new_password": string; };
    readonly output: { readonly "changed": boolean; };
  };
  /** Gives a ticket that opens one WebSocket connection as the caller, within 30 seconds. */
  readonly "auth.ticket": {
    readonly input: Readonly<Record<string, never>>;
    readonly output: { readonly "ticket": string; readonly "expires_in": number; };
  };
  /** Makes the first admin of a new server, for the token that it printed when it started. */
  readonly "setup.claim": {
    readonly input: { readonly "token": string; readonly "name": string; readonly "password"?: string | undefined; };
    readonly output: { readonly "id": string; readonly "name": string; readonly "key": string; };
  };
  /** The master keys by their ids, and how many secrets are sealed under each. */
  readonly "secrets.status": {
    readonly input: Readonly<Record<string, never>>;
    readonly output: { readonly "sealed": boolean; readonly "source": "configuration" | "file" | "unseal" | null; readonly "keys": readonly ({ readonly "id": string; readonly "state": "current" | "previous" | "missing"; readonly "secrets": number; })[]; };
  };
  /** Puts every secret under a new master key while calls go on. With a configured key: puts those under a key before under it. */
  readonly "secrets.rotate": {
    readonly input: { readonly "master_key"?: string | undefined; };
    readonly output: { readonly "sealed": boolean; readonly "source": "configuration" | "file" | "unseal" | null; readonly "keys": readonly ({ readonly "id": string; readonly "state": "current" | "previous" | "missing"; readonly "secrets": number; })[]; };
  };
  /** Gives a server that was started without it the missing master key, until it ends. */
  readonly "secrets.unseal": {
    readonly input: { readonly "master_key": string; };
    readonly output: { readonly "sealed": boolean; readonly "source": "configuration" | "file" | "unseal" | null; readonly "keys": readonly ({ readonly "id": string; readonly "state": "current" | "previous" | "missing"; readonly "secrets": number; })[]; };
  };
  /** Makes a backup of everything that the platform stores while calls go on, in the folder `backups` of the data folder. With `Accept: application/x-tar` the backup itself is the answer, its SHA-256 in `repr-digest`, and nothing is kept. */
  readonly "backup.create": {
    readonly input: Readonly<Record<string, never>>;
    readonly output: { readonly "file": string; readonly "bytes": number; readonly "sha256": string; readonly "created_at": string; readonly "tables": Readonly<Record<string, number>>; readonly "master_key_ids": readonly (string)[]; };
  };
  /** The backups in the data folder of this server, newest first. */
  readonly "backup.list": {
    readonly input: Readonly<Record<string, never>>;
    readonly output: { readonly "backups": readonly ({ readonly "name": string; readonly "file": string; readonly "bytes": number; readonly "made_at": string; })[]; };
  };
  /** Proves that a backup can be restored: every hash, the database's own check, and its counts. */
  readonly "backup.verify": {
    readonly input: { readonly "name": string; };
    readonly output: { readonly "name": string; readonly "is_good": boolean; readonly "problem": string | null; readonly "version": string | null; readonly "created_at": string | null; readonly "tables": Readonly<Record<string, number>>; readonly "master_key_ids": readonly (string)[]; };
  };
  /** The platform's rules for Prometheus, written for this installation. */
  readonly "prometheus.rules": {
    readonly input: { readonly "form"?: "alerts" | "recording" | "kubernetes" | undefined; };
    readonly output: { readonly "yaml": string; };
  };
  /** What Prometheus is told to scrape this server, and a file of targets for its service discovery. */
  readonly "prometheus.scrape_config": {
    readonly input: { readonly "credentials_file"?: string | undefined; readonly "targets_file"?: string | undefined; };
    readonly output: { readonly "yaml": string; readonly "targets": readonly ({ readonly "targets": readonly (string)[]; readonly "labels": Readonly<Record<string, string>>; })[]; };
  };
  /** Brings the platform's dashboards to Grafana. What somebody changed there by hand is kept as a copy before it is replaced. */
  readonly "grafana.sync": {
    readonly input: Readonly<Record<string, never>>;
    readonly output: { readonly "dashboards": readonly ({ readonly "integration": string; readonly "uid": string; readonly "title": string; readonly "outcome": "created" | "updated" | "unchanged" | "edited" | "replaced"; readonly "copy_uid": string | null; })[]; };
  };
  /** The alerts that the platform itself finds to fire now, over all replicas. */
  readonly "alerts.list": {
    readonly input: Readonly<Record<string, never>>;
    readonly output: { readonly "alerts": readonly ({ readonly "name": string; readonly "severity": string; readonly "labels": Readonly<Record<string, string>>; readonly "summary": string; readonly "description": string; readonly "runbook_url": string; readonly "started_at": string; })[]; };
  };
  /** Sends a test alert to everything that takes alerts, or to one, and tells what each said. */
  readonly "alerts.test": {
    readonly input: { readonly "receiver"?: string | undefined; };
    readonly output: { readonly "receivers": readonly ({ readonly "receiver": string; readonly "problem": string | null; })[]; };
  };
  /** Every alert of the platform: when it fires, how bad that is, what to do, and how it is now. */
  readonly "alerts.rules": {
    readonly input: Readonly<Record<string, never>>;
    readonly output: { readonly "is_on": boolean; readonly "rules": readonly ({ readonly "name": string; readonly "severity": string; readonly "group": string; readonly "condition": string; readonly "expression": string; readonly "for_seconds": number; readonly "summary": string; readonly "description": string; readonly "runbook_url": string; readonly "judged_by": "platform" | "prometheus"; readonly "state": "inactive" | "pending" | "firing" | "unknown"; readonly "active": readonly ({ readonly "state": "pending" | "firing"; readonly "labels": Readonly<Record<string, string>>; readonly "summary": string; readonly "since": string; })[]; })[]; };
  };
  /** What the receivers that keep alerts, such as Alertmanager, know of now, from whomever. */
  readonly "alerts.known": {
    readonly input: Readonly<Record<string, never>>;
    readonly output: { readonly "alerts": readonly ({ readonly "receiver": string; readonly "name": string; readonly "labels": Readonly<Record<string, string>>; readonly "is_suppressed": boolean; readonly "started_at": string; })[]; };
  };
  /** What takes alerts, with how the last handing over went, as the server that answers has it: of replicas the one that leads hands over. */
  readonly "alerts.receivers": {
    readonly input: Readonly<Record<string, never>>;
    readonly output: { readonly "receivers": readonly ({ readonly "receiver": string; readonly "state": "ready" | "away"; readonly "keeps_silences": boolean; readonly "waiting": number; readonly "last_taken_at": string | null; readonly "last_failed_at": string | null; readonly "last_problem": string | null; })[]; };
  };
  /** The times in which Alertmanager tells nobody of some alerts. */
  readonly "alerts.silences": {
    readonly input: Readonly<Record<string, never>>;
    readonly output: { readonly "silences": readonly ({ readonly "receiver": string; readonly "id": string; readonly "matchers": readonly (string)[]; readonly "ends_at": string; readonly "created_by": string; readonly "comment": string; })[]; };
  };
  /** Has Alertmanager tell nobody of some alerts for a time. */
  readonly "alerts.silence": {
    readonly input: { readonly "receiver"?: string | undefined; readonly "matchers": readonly ({ readonly "name": string; readonly "value": string; })[]; readonly "minutes": number; readonly "comment": string; };
    readonly output: { readonly "silences": readonly ({ readonly "receiver": string; readonly "id": string; })[]; };
  };
  /** Ends a silence now. */
  readonly "alerts.unsilence": {
    readonly input: { readonly "receiver": string; readonly "id": string; };
    readonly output: { readonly "receiver": string; readonly "id": string; };
  };
  /** How much is logged, and of what. */
  readonly "system.log_levels.get": {
    readonly input: Readonly<Record<string, never>>;
    readonly output: { readonly "configured": { readonly "level": "trace" | "debug" | "info" | "warn" | "error" | "silent"; readonly "levels": Readonly<Record<string, "trace" | "debug" | "info" | "warn" | "error" | "silent">>; }; readonly "levels": readonly ({ readonly "part": string; readonly "level": "trace" | "debug" | "info" | "warn" | "error" | "silent"; readonly "expires_at": string | null; })[]; };
  };
  /** Sets how much is logged while the server runs, in all processes of all replicas. What is not named is as the configuration says. */
  readonly "system.log_levels.set": {
    readonly input: { readonly "levels": readonly ({ readonly "part"?: string | undefined; readonly "level": "trace" | "debug" | "info" | "warn" | "error" | "silent"; readonly "minutes"?: number | undefined; })[]; };
    readonly output: { readonly "configured": { readonly "level": "trace" | "debug" | "info" | "warn" | "error" | "silent"; readonly "levels": Readonly<Record<string, "trace" | "debug" | "info" | "warn" | "error" | "silent">>; }; readonly "levels": readonly ({ readonly "part": string; readonly "level": "trace" | "debug" | "info" | "warn" | "error" | "silent"; readonly "expires_at": string | null; })[]; };
  };
  /** Looks on this machine, at the ports where they listen by default, for servers that an integration could speak to. */
  readonly "integrations.discover": {
    readonly input: Readonly<Record<string, never>>;
    readonly output: { readonly "found": readonly ({ readonly "label": string; readonly "use": string; readonly "address": string; readonly "models": number | null; readonly "settings": Readonly<Record<string, string>>; readonly "integration": string | null; })[]; };
  };
  /** What is wrong now or soon, the worst first, each with what to do and, where there is one, an operation that does it. */
  readonly "system.repairs": {
    readonly input: Readonly<Record<string, never>>;
    readonly output: { readonly "repairs": readonly ({ readonly "id": string; readonly "severity": "critical" | "error" | "warning"; readonly "subject": { readonly "type": string; readonly "name": string; }; readonly "sentence": string; readonly "since": string | null; readonly "page": string | null; readonly "learn_more": string | null; readonly "fix": { readonly "operation": string; readonly "input": Readonly<Record<string, string>>; } | null; })[]; };
  };
}

/** Where an operation stands in the REST API, and what its caller must be allowed to. */
export interface OperationRoute {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly permission: Permission | "public";
}

export const operationRoutes: Readonly<Record<keyof OperationTypes, OperationRoute>> = {
  "integrations.list": { method: "GET", path: "/integrations/", permission: "integrations.read" },
  "integrations.health": { method: "GET", path: "/integrations/health", permission: "integrations.read" },
  "integrations.status": { method: "GET", path: "/integrations/{name}/status", permission: "integrations.read" },
  "integrations.metrics": { method: "GET", path: "/integrations/{name}/metrics", permission: "integrations.read" },
  "integrations.settings": { method: "GET", path: "/integrations/{name}/config", permission: "integrations.read" },
  "integrations.test": { method: "POST", path: "/integrations/{name}/test", permission: "integrations.write" },
  "integrations.restart": { method: "POST", path: "/integrations/{name}/restart", permission: "integrations.write" },
  "integrations.configure": { method: "PUT", path: "/integrations/{name}/config", permission: "integrations.write" },
  "integrations.restart_all": { method: "POST", path: "/integrations/restart-all", permission: "integrations.write" },
  "integrations.kinds": { method: "GET", path: "/integrations/kinds", permission: "integrations.read" },
  "integrations.create": { method: "POST", path: "/integrations/", permission: "integrations.write" },
  "integrations.uses": { method: "GET", path: "/integrations/{name}/uses", permission: "integrations.read" },
  "integrations.delete": { method: "DELETE", path: "/integrations/{name}", permission: "integrations.write" },
  "events.list": { method: "GET", path: "/integrations/events", permission: "events.read" },
  "models.list": { method: "GET", path: "/api/v1/models", permission: "models.read" },
  "models.show": { method: "GET", path: "/api/v1/models/show", permission: "models.read" },
  "models.loaded": { method: "GET", path: "/api/v1/models/loaded", permission: "models.read" },
  "models.refresh": { method: "POST", path: "/api/v1/models/refresh", permission: "models.write" },
  "models.load": { method: "POST", path: "/api/v1/models/load", permission: "models.write" },
  "models.unload": { method: "POST", path: "/api/v1/models/unload", permission: "models.write" },
  "models.copy": { method: "POST", path: "/api/v1/models/copy", permission: "models.write" },
  "models.delete": { method: "DELETE", path: "/api/v1/models", permission: "models.write" },
  "models.inspect": { method: "GET", path: "/api/v1/models/inspect", permission: "models.import" },
  "models.convert": { method: "POST", path: "/api/v1/models/convert", permission: "models.import" },
  "models.import": { method: "POST", path: "/api/v1/models/import", permission: "models.import" },
  "models.settings.get": { method: "GET", path: "/api/v1/models/settings", permission: "models.read" },
  "models.settings.set": { method: "PATCH", path: "/api/v1/models/settings", permission: "models.write" },
  "models.settings.reset": { method: "POST", path: "/api/v1/models/settings/reset", permission: "models.write" },
  "models.create": { method: "POST", path: "/api/v1/models/create", permission: "models.write" },
  "models.disk": { method: "GET", path: "/api/v1/models/disk", permission: "models.read" },
  "ollama.models": { method: "GET", path: "/local/ollama/models", permission: "models.read" },
  "pulls.start": { method: "POST", path: "/api/v1/pulls", permission: "models.write" },
  "pulls.list": { method: "GET", path: "/api/v1/pulls", permission: "models.read" },
  "pulls.get": { method: "GET", path: "/api/v1/pulls/{id}", permission: "models.read" },
  "pulls.pause": { method: "POST", path: "/api/v1/pulls/{id}/pause", permission: "models.write" },
  "pulls.resume": { method: "POST", path: "/api/v1/pulls/{id}/resume", permission: "models.write" },
  "pulls.cancel": { method: "POST", path: "/api/v1/pulls/{id}/cancel", permission: "models.write" },
  "pulls.limit": { method: "PUT", path: "/api/v1/pulls/limit", permission: "models.write" },
  "huggingface.search": { method: "GET", path: "/local/huggingface/search", permission: "models.read" },
  "huggingface.info": { method: "GET", path: "/local/huggingface/info", permission: "models.read" },
  "huggingface.download": { method: "POST", path: "/local/huggingface/download", permission: "models.write" },
  "usage.sum": { method: "GET", path: "/api/v1/usage", permission: "usage.read" },
  "usage.history": { method: "GET", path: "/api/v1/usage/history", permission: "usage.read" },
  "usage.list": { method: "GET", path: "/api/v1/usage/records", permission: "usage.read" },
  "requests.list": { method: "GET", path: "/api/v1/requests", permission: "usage.read_own" },
  "requests.get": { method: "GET", path: "/api/v1/requests/{id}", permission: "usage.read_own" },
  "routes.list": { method: "GET", path: "/api/v1/routes", permission: "models.read" },
  "routes.get": { method: "GET", path: "/api/v1/routes/show", permission: "models.read" },
  "routes.explain": { method: "GET", path: "/api/v1/routes/explain", permission: "models.read" },
  "routes.create": { method: "POST", path: "/api/v1/routes", permission: "routes.write" },
  "routes.update": { method: "PUT", path: "/api/v1/routes", permission: "routes.write" },
  "routes.delete": { method: "DELETE", path: "/api/v1/routes", permission: "routes.write" },
  "routes.preview": { method: "POST", path: "/api/v1/routes/preview", permission: "models.read" },
  "usage.content": { method: "GET", path: "/api/v1/usage/records/{request_id}/content", permission: "content.read" },
  "usage.reprice": { method: "POST", path: "/api/v1/usage/reprice", permission: "usage.write" },
  "prices.list": { method: "GET", path: "/api/v1/prices", permission: "prices.read" },
  "prices.put": { method: "PUT", path: "/api/v1/prices", permission: "prices.write" },
  "prices.delete": { method: "DELETE", path: "/api/v1/prices", permission: "prices.write" },
  "budgets.list": { method: "GET", path: "/api/v1/budgets", permission: "budgets.read" },
  "budgets.get": { method: "GET", path: "/api/v1/budgets/{id}", permission: "budgets.read" },
  "budgets.create": { method: "POST", path: "/api/v1/budgets", permission: "budgets.write" },
  "budgets.update": { method: "PUT", path: "/api/v1/budgets/{id}", permission: "budgets.write" },
  "budgets.delete": { method: "DELETE", path: "/api/v1/budgets/{id}", permission: "budgets.write" },
  "system.info": { method: "GET", path: "/api/v1/system", permission: "system.read" },
  "system.settings": { method: "GET", path: "/api/v1/system/settings", permission: "settings.read" },
  "system.parts": { method: "GET", path: "/api/v1/system/parts", permission: "settings.read" },
  "system.support_bundle": { method: "POST", path: "/api/v1/system/support-bundle", permission: "settings.read" },
  "access.whoami": { method: "GET", path: "/api/v1/access/whoami", permission: "self.read" },
  "access.routes": { method: "GET", path: "/api/v1/access/routes", permission: "system.read" },
  "keys.list": { method: "GET", path: "/api/v1/keys", permission: "keys.read" },
  "keys.get": { method: "GET", path: "/api/v1/keys/{id}", permission: "keys.read" },
  "keys.create": { method: "POST", path: "/api/v1/keys", permission: "keys.write" },
  "keys.update": { method: "PATCH", path: "/api/v1/keys/{id}", permission: "keys.write" },
  "keys.rotate": { method: "POST", path: "/api/v1/keys/{id}/rotate", permission: "keys.write" },
  "keys.revoke": { method: "DELETE", path: "/api/v1/keys/{id}", permission: "keys.write" },
  "users.list": { method: "GET", path: "/api/v1/users", permission: "users.read" },
  "users.get": { method: "GET", path: "/api/v1/users/{id}", permission: "users.read" },
  "users.create": { method: "POST", path: "/api/v1/users", permission: "users.write" },
  "users.update": { method: "PUT", path: "/api/v1/users/{id}", permission: "users.write" },
  "users.delete": { method: "DELETE", path: "/api/v1/users/{id}", permission: "users.write" },
  "users.access": { method: "GET", path: "/api/v1/users/{id}/access", permission: "users.read" },
  "sessions.list": { method: "GET", path: "/api/v1/sessions", permission: "users.read" },
  "sessions.end": { method: "DELETE", path: "/api/v1/sessions/{id}", permission: "users.write" },
  "users.end_sessions": { method: "DELETE", path: "/api/v1/users/{id}/sessions", permission: "users.write" },
  "teams.list": { method: "GET", path: "/api/v1/teams", permission: "teams.read" },
  "teams.get": { method: "GET", path: "/api/v1/teams/{id}", permission: "teams.read" },
  "teams.create": { method: "POST", path: "/api/v1/teams", permission: "teams.write" },
  "teams.update": { method: "PATCH", path: "/api/v1/teams/{id}", permission: "teams.write" },
  "teams.delete": { method: "DELETE", path: "/api/v1/teams/{id}", permission: "teams.write" },
  "roles.list": { method: "GET", path: "/api/v1/roles", permission: "roles.read" },
  "roles.get": { method: "GET", path: "/api/v1/roles/{name}", permission: "roles.read" },
  "roles.create": { method: "POST", path: "/api/v1/roles", permission: "roles.write" },
  "roles.update": { method: "PATCH", path: "/api/v1/roles/{name}", permission: "roles.write" },
  "roles.delete": { method: "DELETE", path: "/api/v1/roles/{name}", permission: "roles.write" },
  "audit.list": { method: "GET", path: "/api/v1/audit", permission: "audit.read" },
  "audit.head": { method: "GET", path: "/api/v1/audit/head", permission: "audit.read" },
  "audit.verify": { method: "POST", path: "/api/v1/audit/verify", permission: "audit.read" },
  "users.set_password": { method: "PUT", path: "/api/v1/users/{id}/password", permission: "users.write" },
  "users.clear_password": { method: "DELETE", path: "/api/v1/users/{id}/password", permission: "users.write" },
  "auth.login": { method: "POST", path: "/api/v1/auth/login", permission: "public" },
  "auth.refresh": { method: "POST", path: "/api/v1/auth/refresh", permission: "public" },
  "auth.logout": { method: "POST", path: "/api/v1/auth/logout", permission: "self.write" },
  "auth.password": { method: "POST", path: "/api/v1/auth/password", permission: "self.write" },
  "auth.ticket": { method: "POST", path: "/api/v1/auth/tickets", permission: "self.write" },
  "setup.claim": { method: "POST", path: "/api/v1/setup", permission: "public" },
  "secrets.status": { method: "GET", path: "/api/v1/secrets/status", permission: "secrets.manage" },
  "secrets.rotate": { method: "POST", path: "/api/v1/secrets/rotate", permission: "secrets.manage" },
  "secrets.unseal": { method: "POST", path: "/api/v1/secrets/unseal", permission: "secrets.manage" },
  "backup.create": { method: "POST", path: "/api/v1/backups", permission: "backup.manage" },
  "backup.list": { method: "GET", path: "/api/v1/backups", permission: "backup.manage" },
  "backup.verify": { method: "POST", path: "/api/v1/backups/{name}/verify", permission: "backup.manage" },
  "prometheus.rules": { method: "GET", path: "/api/v1/prometheus/rules", permission: "metrics.read" },
  "prometheus.scrape_config": { method: "GET", path: "/api/v1/prometheus/scrape-config", permission: "metrics.read" },
  "grafana.sync": { method: "POST", path: "/api/v1/grafana/sync", permission: "integrations.write" },
  "alerts.list": { method: "GET", path: "/api/v1/alerts", permission: "integrations.read" },
  "alerts.test": { method: "POST", path: "/api/v1/alerts/test", permission: "integrations.write" },
  "alerts.rules": { method: "GET", path: "/api/v1/alerts/rules", permission: "integrations.read" },
  "alerts.known": { method: "GET", path: "/api/v1/alerts/known", permission: "integrations.read" },
  "alerts.receivers": { method: "GET", path: "/api/v1/alerts/receivers", permission: "integrations.read" },
  "alerts.silences": { method: "GET", path: "/api/v1/alerts/silences", permission: "integrations.read" },
  "alerts.silence": { method: "POST", path: "/api/v1/alerts/silences", permission: "integrations.write" },
  "alerts.unsilence": { method: "DELETE", path: "/api/v1/alerts/silences/{receiver}/{id}", permission: "integrations.write" },
  "system.log_levels.get": { method: "GET", path: "/api/v1/system/log-levels", permission: "system.read" },
  "system.log_levels.set": { method: "PUT", path: "/api/v1/system/log-levels", permission: "system.write" },
  "integrations.discover": { method: "POST", path: "/integrations/discover", permission: "integrations.write" },
  "system.repairs": { method: "GET", path: "/api/v1/system/repairs", permission: "system.read" },
};

/** What each feed takes, and what its items hold. */
export interface FeedTypes {
  /** What changes, in all replicas. Goes on after an id; where that cannot be done in full, `feed.gap` says so first. */
  readonly events: {
    readonly input: { readonly "after_id"?: string | number | undefined; readonly "integration"?: string | undefined; };
    readonly item: { readonly "id": number; readonly "time": string; readonly "integration": string; readonly "type": string; readonly "data": Readonly<Record<string, unknown>>; readonly "replica"?: string | undefined; } | { readonly "reason": string; };
  };
  /** A `snapshot` of models and integrations, then `models.changed` with the models of this replica, and the events `model.*` and `integration.*` of all. A slow reader is told the last of each, and anew everything when it is far behind. */
  readonly models: {
    readonly input: { readonly "integration"?: string | undefined; };
    readonly item: { readonly "models": readonly ({ readonly "id": string; readonly "integration": string; readonly "provider": string; readonly "operations": readonly ("chat" | "completion" | "embedding")[]; readonly "context_tokens": number | null; readonly "size_bytes": number | null; readonly "family": string | null; readonly "quantization": string | null; readonly "capabilities": readonly (string)[]; readonly "verdict": "weights_only" | "suspicious" | "refused" | null; })[]; readonly "integrations": readonly ({ readonly "name": string; readonly "type": string; readonly "state": string; readonly "reason": string | null; })[]; } | { readonly "models": readonly ({ readonly "id": string; readonly "integration": string; readonly "provider": string; readonly "operations": readonly ("chat" | "completion" | "embedding")[]; readonly "context_tokens": number | null; readonly "size_bytes": number | null; readonly "family": string | null; readonly "quantization": string | null; readonly "capabilities": readonly (string)[]; readonly "verdict": "weights_only" | "suspicious" | "refused" | null; })[]; } | { readonly "id": number; readonly "time": string; readonly "integration": string; readonly "type": string; readonly "data": Readonly<Record<string, unknown>>; readonly "replica"?: string | undefined; };
  };
  /** A `sample` of metrics of this replica every few seconds. A slow reader misses samples; each is whole. */
  readonly metrics: {
    readonly input: { readonly "interval_seconds"?: number | undefined; readonly "series"?: string | readonly (string)[] | undefined; };
    readonly item: { readonly "time": string; readonly "series": readonly ({ readonly "name": string; readonly "labels": Readonly<Record<string, string>>; readonly "value": number; })[]; };
  };
  /** A `snapshot` of the pulls, then `pull.changed` as they get on. A slow reader is told the last of each. */
  readonly pulls: {
    readonly input: { readonly "id"?: string | undefined; };
    readonly item: { readonly "pulls": readonly ({ readonly "id": string; readonly "kind": "ollama" | "huggingface" | "url" | "file"; readonly "source": string; readonly "integration": string | null; readonly "replica": string | null; readonly "revision": string | null; readonly "license": string | null; readonly "phase": "queued" | "resolving" | "downloading" | "verifying" | "registering" | "warming_up" | "done" | "failed" | "paused" | "cancelled"; readonly "detail": string | null; readonly "error": { readonly "code": string; readonly "message": string; } | null; readonly "completed_bytes": number; readonly "total_bytes": number | null; readonly "bytes_per_second": number | null; readonly "eta_seconds": number | null; readonly "files": readonly ({ readonly "name": string; readonly "completed_bytes": number; readonly "total_bytes": number | null; readonly "sha256": string | null; })[]; readonly "models": readonly (string)[]; readonly "created_by": string; readonly "created_by_name": string; readonly "created_at": string; readonly "updated_at": string; readonly "finished_at": string | null; })[]; } | { readonly "id": string; readonly "kind": "ollama" | "huggingface" | "url" | "file"; readonly "source": string; readonly "integration": string | null; readonly "replica": string | null; readonly "revision": string | null; readonly "license": string | null; readonly "phase": "queued" | "resolving" | "downloading" | "verifying" | "registering" | "warming_up" | "done" | "failed" | "paused" | "cancelled"; readonly "detail": string | null; readonly "error": { readonly "code": string; readonly "message": string; } | null; readonly "completed_bytes": number; readonly "total_bytes": number | null; readonly "bytes_per_second": number | null; readonly "eta_seconds": number | null; readonly "files": readonly ({ readonly "name": string; readonly "completed_bytes": number; readonly "total_bytes": number | null; readonly "sha256": string | null; })[]; readonly "models": readonly (string)[]; readonly "created_by": string; readonly "created_by_name": string; readonly "created_at": string; readonly "updated_at": string; readonly "finished_at": string | null; };
  };
  /** `request.ended` for each call of a model, of all replicas, within a second or so; without `usage.read` one's own. To a slow reader `feed.gap` says that some are left out. */
  readonly requests: {
    readonly input: { readonly "model"?: string | undefined; readonly "integration"?: string | undefined; readonly "principal"?: string | undefined; readonly "status"?: "ok" | "failed" | "refused" | "cancelled" | undefined; readonly "error_code"?: string | undefined; readonly "min_duration_ms"?: number | undefined; };
    readonly item: { readonly "id": string; readonly "started_at": string; readonly "duration_ms": number; readonly "status": "ok" | "failed" | "refused" | "cancelled" | "unfinished"; readonly "outcome": "stop" | "length" | "tool_calls" | "content_filter" | "client_cancelled" | "upstream_incomplete" | "upstream_timeout" | "upstream_malformed" | "upstream_error" | "gateway_shutdown" | "interrupted" | null; readonly "principal": string; readonly "operation": string; readonly "requested_model": string; readonly "integration": string | null; readonly "provider": string | null; readonly "upstream_model": string | null; readonly "stream": boolean; readonly "attempt_count": number; readonly "http_status": number | null; readonly "error_code": string | null; readonly "message": string | null; readonly "first_byte_ms": number | null; readonly "input_tokens": number; readonly "output_tokens": number; readonly "costs": readonly ({ readonly "currency": string; readonly "cost_micros": number; })[]; readonly "unpriced_attempts": number; readonly "replica": string | null; } | { readonly "reason": string; };
  };
}

/** What a follower must be allowed to. */
export const feedPermissions: Readonly<Record<keyof FeedTypes, Permission>> = {
  events: "events.read",
  models: "models.read",
  metrics: "metrics.read",
  pulls: "models.read",
  requests: "usage.read_own",
};
