{{/* Labels of every object. */}}
{{- define "seatwarden.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
app.kubernetes.io/name: seatwarden
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{/* Labels that select the Pods: those of config/manager, so that the chart can take over what `make deploy` made. */}}
{{- define "seatwarden.selector" -}}
app.kubernetes.io/name: seatwarden
app.kubernetes.io/component: manager
{{- end }}

{{- define "seatwarden.image" -}}
{{- $repository := required "image.repository must be set: no image is published yet, so build and push your own (make docker-build)" .Values.image.repository }}
{{- if .Values.image.digest }}
{{- printf "%s@%s" $repository .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" $repository (.Values.image.tag | default .Chart.AppVersion) }}
{{- end }}
{{- end }}

{{/*
Renders the objects of one file of files/, a copy of config/ by `make manifests`: with
the release's labels, namespace and ServiceAccount, and kept by Helm where "keep" is true.
*/}}
{{- define "seatwarden.objects" -}}
{{- $root := .root }}
{{- $keep := .keep }}
{{- $path := .path }}
{{- range $document := regexSplit "(?m)^---\\s*$" ($root.Files.Get $path) -1 }}
{{- $object := fromYaml $document }}
{{- if $object.Error }}
{{- fail (printf "%s: %s" $path $object.Error) }}
{{- end }}
{{- if $object.kind }}
{{- $labels := merge (include "seatwarden.labels" $root | fromYaml) ($object.metadata.labels | default dict) }}
{{- $_ := set $object.metadata "labels" $labels }}
{{- if $object.metadata.namespace }}
{{- $_ := set $object.metadata "namespace" $root.Release.Namespace }}
{{- end }}
{{- range $subject := $object.subjects }}
{{- $_ := set $subject "namespace" $root.Release.Namespace }}
{{- $_ := set $subject "name" $root.Values.serviceAccount.name }}
{{- end }}
{{- if $keep }}
{{- $annotations := merge (dict "helm.sh/resource-policy" "keep") ($object.metadata.annotations | default dict) }}
{{- $_ := set $object.metadata "annotations" $annotations }}
{{- end }}
---
{{ toYaml $object }}
{{ end }}
{{- end }}
{{- end }}
