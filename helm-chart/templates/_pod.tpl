{{/* The pod of a replica, the same in a Deployment and in a StatefulSet. */}}
{{- define "llm-platform.pod" -}}
metadata:
  labels:
    {{- include "llm-platform.labels" (list . "gateway") | nindent 4 }}
  annotations:
    checksum/config: {{ include "llm-platform.config" . | sha256sum }}
    {{- with .Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "llm-platform.fullname" . }}
  automountServiceAccountToken: {{ .Values.kubernetes.enabled }}
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ add .Values.drainSeconds .Values.preStopSeconds 15 }}
  securityContext:
    {{- include "llm-platform.podSecurity" 10001 | nindent 4 }}
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.spreadOver }}
  topologySpreadConstraints:
    {{- range . }}
    - topologyKey: {{ . }}
      maxSkew: 1
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "llm-platform.selector" (list $ "gateway") | nindent 10 }}
    {{- end }}
  {{- end }}
  containers:
    {{- include "llm-platform.container" . | nindent 4 }}
  volumes:
    - name: config
      configMap: { name: {{ include "llm-platform.fullname" . }} }
    - name: secrets
      secret: { secretName: {{ include "llm-platform.secretName" . }}, defaultMode: 0440 }
    - name: tmp
      emptyDir: {}
    {{- if not .Values.persistence.enabled }}
    - name: data
      emptyDir: {}
    {{- end }}
    {{- with .Values.tls.existingSecret }}
    - name: tls
      secret: { secretName: {{ . }}, defaultMode: 0440 }
    {{- end }}
{{- end -}}

{{- define "llm-platform.container" -}}
- name: platform
  image: {{ include "llm-platform.image" . }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  args: [--config, /etc/llm-platform/config/llm-platform.yaml]
  {{- with .Values.extraEnv }}
  env:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  ports:
    - { name: http, containerPort: 8000 }
    {{- if .Values.grpc.enabled }}
    - { name: grpc, containerPort: 50051 }
    {{- end }}
    {{- if .Values.metrics.enabled }}
    - { name: metrics, containerPort: 9464 }
    {{- end }}
  # Five minutes for a database that is not there yet, and for a change of its schema.
  startupProbe:
    httpGet: { path: /livez, port: http, scheme: {{ include "llm-platform.scheme" . }} }
    periodSeconds: 2
    timeoutSeconds: 2
    failureThreshold: 150
  livenessProbe:
    httpGet: { path: /livez, port: http, scheme: {{ include "llm-platform.scheme" . }} }
    periodSeconds: 10
    timeoutSeconds: 5
    failureThreshold: 6
  readinessProbe:
    httpGet: { path: /readyz, port: http, scheme: {{ include "llm-platform.scheme" . }} }
    periodSeconds: 5
    timeoutSeconds: 3
    failureThreshold: 2
  lifecycle:
    preStop:
      exec: { command: [sleep, {{ .Values.preStopSeconds | quote }}] }
  resources:
    {{- toYaml .Values.resources | nindent 4 }}
  securityContext:
    {{- include "llm-platform.containerSecurity" . | nindent 4 }}
  volumeMounts:
    - { name: config, mountPath: /etc/llm-platform/config, readOnly: true }
    - { name: secrets, mountPath: /etc/llm-platform/secrets, readOnly: true }
    - { name: data, mountPath: /var/lib/llm-platform }
    - { name: tmp, mountPath: /tmp }
    {{- if .Values.tls.existingSecret }}
    - { name: tls, mountPath: /etc/llm-platform/tls, readOnly: true }
    {{- end }}
{{- end -}}
