{{/*
The operator's rights where it watches some namespaces only: those of files/rbac/role.yaml,
as Roles there. What is left to the cluster are the Auth0Tenants, which are the cluster's,
their Events, which Kubernetes keeps in the namespace default, and the UID of kube-system.
*/}}
{{- define "seatwarden.narrow" -}}
{{- $root := .root }}
{{- $own := list }}
{{- $theirs := list }}
{{- $events := list }}
{{- $ofNamespace := dict }}
{{- range $document := regexSplit "(?m)^---\\s*$" ($root.Files.Get "files/rbac/role.yaml") -1 }}
{{- $object := fromYaml $document }}
{{- if eq ($object.kind | default "") "Role" }}
{{- $ofNamespace = $object.rules }}
{{- else if eq ($object.kind | default "") "ClusterRole" }}
{{- range $rule := $object.rules }}
{{- $tenants := list }}
{{- $others := list }}
{{- range $resource := $rule.resources }}
{{- if hasPrefix "auth0tenants" $resource }}{{ $tenants = append $tenants $resource }}{{ else }}{{ $others = append $others $resource }}{{ end }}
{{- end }}
{{- if $tenants }}{{ $own = append $own (merge (dict "resources" $tenants) $rule) }}{{ end }}
{{- if $others }}{{ $theirs = append $theirs (merge (dict "resources" $others) $rule) }}{{ end }}
{{- if has "events" $rule.resources }}{{ $events = append $events $rule }}{{ end }}
{{- end }}
{{- end }}
{{- end }}
{{- $own = append $own (dict "apiGroups" (list "") "resources" (list "namespaces") "resourceNames" (list "kube-system") "verbs" (list "get")) }}
{{- include "seatwarden.role" (dict "root" $root "kind" "ClusterRole" "name" "seatwarden-manager" "rules" $own) }}
{{- include "seatwarden.role" (dict "root" $root "kind" "Role" "name" "seatwarden-manager" "namespace" $root.Release.Namespace "rules" $ofNamespace) }}
{{- include "seatwarden.role" (dict "root" $root "kind" "Role" "name" "seatwarden-tenant-events" "namespace" "default" "rules" $events) }}
{{- range $namespace := .namespaces }}
{{- include "seatwarden.role" (dict "root" $root "kind" "Role" "name" "seatwarden-watched" "namespace" $namespace "rules" $theirs) }}
{{- end }}
{{- end }}

{{/* A role and its binding to the operator. */}}
{{- define "seatwarden.role" }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ .kind }}
metadata:
  name: {{ .name }}
  {{- with .namespace }}
  namespace: {{ . }}
  {{- end }}
  labels:
    {{- include "seatwarden.labels" .root | nindent 4 }}
rules:
{{- toYaml .rules | nindent 0 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ .kind }}Binding
metadata:
  name: {{ .name }}
  {{- with .namespace }}
  namespace: {{ . }}
  {{- end }}
  labels:
    {{- include "seatwarden.labels" .root | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ .kind }}
  name: {{ .name }}
subjects:
- kind: ServiceAccount
  name: {{ .root.Values.serviceAccount.name }}
  namespace: {{ .root.Release.Namespace }}
{{- end }}
