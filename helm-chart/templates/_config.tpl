{{/* The platform's configuration: what the chart knows, and over it what the values say. Lists of keys and integrations are joined. */}}
{{- define "llm-platform.config" -}}
{{- $user := deepCopy .Values.config -}}
{{- $keys := list (dict "name" "admin" "role" "admin" "key" (include "llm-platform.file" "admin-key")) -}}
{{- if .Values.metrics.enabled -}}
{{- $keys = append $keys (dict "name" "prometheus" "role" "viewer" "key" (include "llm-platform.file" "metrics-key")) -}}
{{- end -}}
{{- $integrations := list -}}
{{- if .Values.localModels.enabled -}}
{{- $url := printf "http://%s-models:8000/v1" (include "llm-platform.fullname" .) -}}
{{- $settings := dict "base_url" $url "api_key" (include "llm-platform.file" "models-key") -}}
{{- $integrations = append $integrations (dict "name" "local-models" "use" "openai-compatible" "settings" $settings) -}}
{{- end -}}
{{- if .Values.kubernetes.enabled -}}
{{- $settings := dict -}}
{{- if not .Values.kubernetes.allNamespaces -}}
{{- $_ := set $settings "namespaces" (include "llm-platform.searchedNamespaces" . | fromYamlArray) -}}
{{- end -}}
{{- $settings = mergeOverwrite $settings (deepCopy .Values.kubernetes.settings) -}}
{{- $integrations = append $integrations (dict "name" "kubernetes" "network" "private" "settings" $settings) -}}
{{- end -}}
{{- $own := dict "environment" "production" "data_dir" "/var/lib/llm-platform" -}}
{{- $_ := set $own "server" (dict "host" "0.0.0.0" "port" 8000 "drain_seconds" .Values.drainSeconds) -}}
{{- if .Values.tls.existingSecret -}}
{{- $_ := set $own.server "tls" (dict "cert_file" "/etc/llm-platform/tls/tls.crt" "key_file" "/etc/llm-platform/tls/tls.key") -}}
{{- end -}}
{{- $_ := set $own "grpc" (dict "enabled" .Values.grpc.enabled "port" 50051) -}}
{{- $_ := set $own "prometheus" (dict "enabled" .Values.metrics.enabled "listen" "0.0.0.0:9464") -}}
{{- $_ := set $own "secrets" (dict "master_key" (include "llm-platform.file" "master-key")) -}}
{{- if ne .Values.database.mode "sqlite" -}}
{{- $database := dict "url" (include "llm-platform.file" "database-url") -}}
{{- if .Values.migrationJob.enabled -}}
{{- $_ := set $database "migrate" "never" -}}
{{- end -}}
{{- $_ := set $own "database" $database -}}
{{- end -}}
{{- if ne .Values.redis.mode "none" -}}
{{- $_ := set $own "redis" (dict "url" (include "llm-platform.file" "redis-url")) -}}
{{- end -}}
{{- if .Values.prometheusRule.enabled -}}
{{- $_ := set $own "alerts" (dict "enabled" false) -}}
{{- end -}}
{{- $all := mergeOverwrite $own $user -}}
{{- $auth := default (dict) $all.auth -}}
{{- $_ := set $auth "api_keys" (concat $keys (default (list) $auth.api_keys)) -}}
{{- $_ := set $all "auth" $auth -}}
{{- with concat $integrations (default (list) $all.integrations) -}}
{{- $_ := set $all "integrations" . -}}
{{- end -}}
{{- toYaml $all -}}
{{- end -}}

{{/* Where model servers are looked for, unless everywhere. */}}
{{- define "llm-platform.searchedNamespaces" -}}
{{- default (list .Release.Namespace) .Values.kubernetes.namespaces | uniq | toYaml -}}
{{- end -}}

{{/* Configuration of the pods that run models: nothing but those. */}}
{{- define "llm-platform.modelsConfig" -}}
{{- $settings := dict "gpu" (ternary "auto" "off" (gt (int .Values.localModels.gpus) 0)) -}}
{{- if .Values.localModels.modelsClaim -}}
{{- $_ := set $settings "model_directories" (list "/models") -}}
{{- end -}}
{{- $settings = mergeOverwrite $settings (deepCopy .Values.localModels.settings) -}}
{{- $local := dict "name" "local" "settings" $settings -}}
{{- $key := dict "name" "gateway" "key" (include "llm-platform.file" "models-key") -}}
{{- $server := dict "host" "0.0.0.0" "port" 8000 "drain_seconds" .Values.drainSeconds -}}
{{- $config := dict "environment" "production" "data_dir" "/var/lib/llm-platform" "server" $server -}}
{{- $_ := set $config "auth" (dict "api_keys" (list $key)) -}}
{{- $_ := set $config "integrations" (list $local (dict "name" "ollama" "enabled" false)) -}}
{{- range list "grpc" "ledger" -}}
{{- $_ := set $config . (dict "enabled" false) -}}
{{- end -}}
{{- toYaml $config -}}
{{- end -}}
