{{- define "llm-platform.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "llm-platform.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "llm-platform.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "llm-platform.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* What a selector looks for. Takes a list: the root, the component. */}}
{{- define "llm-platform.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ include "llm-platform.name" $root }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{- define "llm-platform.labels" -}}
{{- $root := index . 0 -}}
{{ include "llm-platform.selector" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: llm-platform
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "llm-platform.secretName" -}}
{{- default (include "llm-platform.fullname" .) .Values.secrets.existingSecret -}}
{{- end -}}

{{- define "llm-platform.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}{{ .repository }}@{{ .digest }}{{- else -}}{{ .repository }}:{{ default $.Chart.AppVersion .tag }}{{- end -}}
{{- end -}}
{{- end -}}

{{- define "llm-platform.kind" -}}
{{- ternary "StatefulSet" "Deployment" .Values.persistence.enabled -}}
{{- end -}}

{{- define "llm-platform.scheme" -}}
{{- ternary "HTTPS" "HTTP" (ne .Values.tls.existingSecret "") -}}
{{- end -}}

{{- define "llm-platform.file" -}}
${file:/etc/llm-platform/secrets/{{ . }}}
{{- end -}}

{{/* What no container of the chart's needs. */}}
{{- define "llm-platform.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end -}}

{{/* Takes the user's number, which is that of the image. */}}
{{- define "llm-platform.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ . }}
runAsGroup: {{ . }}
fsGroup: {{ . }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile: { type: RuntimeDefault }
{{- end -}}

{{/* Combinations that cannot work, refused before anything is installed. */}}
{{- define "llm-platform.check" -}}
{{- $many := or (gt (int .Values.replicaCount) 1) .Values.autoscaling.enabled .Values.keda.enabled -}}
{{- if and $many (eq .Values.database.mode "sqlite") -}}
{{- fail "Replicas share a database: set database.mode to external or bundled, or replicaCount to 1 without autoscaling and keda." -}}
{{- end -}}
{{- if and .Values.autoscaling.enabled .Values.keda.enabled -}}
{{- fail "Two autoscalers would undo each other's work: enable autoscaling or keda, not both." -}}
{{- end -}}
{{- if and .Values.autoscaling.enabled (not .Values.autoscaling.targetCpu) (not .Values.autoscaling.targetInFlight) -}}
{{- fail "An autoscaler needs something to go by: set autoscaling.targetCpu or autoscaling.targetInFlight." -}}
{{- end -}}
{{- if and .Values.keda.enabled (not .Values.autoscaling.targetInFlight) -}}
{{- fail "KEDA goes by the calls in flight: set autoscaling.targetInFlight." -}}
{{- end -}}
{{- if not .Values.secrets.existingSecret -}}
{{- if and (eq .Values.database.mode "external") (not .Values.database.url) -}}
{{- fail "The external database has no address: set database.url, or secrets.existingSecret to a Secret with database-url." -}}
{{- end -}}
{{- if and (eq .Values.redis.mode "external") (not .Values.redis.url) -}}
{{- fail "The external Redis has no address: set redis.url, or secrets.existingSecret to a Secret with redis-url." -}}
{{- end -}}
{{- end -}}
{{- if and .Values.migrationJob.enabled (or (ne .Values.database.mode "external") (not .Values.secrets.existingSecret)) -}}
{{- fail "The Job that migrates comes before what the chart makes: set database.mode to external and secrets.existingSecret, or turn migrationJob off." -}}
{{- end -}}
{{- if and .Values.kubernetes.allNamespaces .Values.kubernetes.namespaces -}}
{{- fail "All namespaces are more than some: set kubernetes.namespaces or kubernetes.allNamespaces, not both." -}}
{{- end -}}
{{- if and .Values.kubernetes.enabled .Values.networkPolicy.enabled (not .Values.kubernetes.apiServerCidrs) -}}
{{- fail "The network's policy would keep the replicas from the cluster's API: name its addresses in kubernetes.apiServerCidrs." -}}
{{- end -}}
{{- if and .Values.serviceMonitor.enabled (not .Values.metrics.enabled) -}}
{{- fail "There are no metrics to scrape: set metrics.enabled, or turn serviceMonitor off." -}}
{{- end -}}
{{- end -}}
