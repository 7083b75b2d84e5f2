{{/*
ops/prometheus/rules.yml, with two changes: commands are those of here, and of `up`, which is everybody's metric, only ours is
looked at. A test sees to it that nothing else differs.
*/}}
{{- define "passerby.rules" -}}
{{- $compose := "docker compose --env-file .env.production" -}}
{{- $kubectl := printf "kubectl -n %s" .Release.Namespace -}}
{{- $pods := printf "-l app.kubernetes.io/instance=%s" .Release.Name -}}
{{- $deployment := printf "deployment/%s-" (include "passerby.fullname" .) -}}
{{- $text := .Files.Get "files/rules.yml" -}}
{{- $text = regexReplaceAll (printf "%s up -d --scale NAME=(\\d+)" $compose) $text (printf "%s scale %sNAME --replicas=$1" $kubectl $deployment) -}}
{{- $text = regexReplaceAll (printf "%s up -d (\\w+)" $compose) $text (printf "%s scale %s${1} --replicas=1" $kubectl $deployment) -}}
{{- $text = regexReplaceAll (printf "%s logs (\\{\\{ \\$labels\\.job \\}\\}|[a-z]+)( says)" $compose) $text (printf "%s logs %s,app.kubernetes.io/component=${1}${2}" $kubectl $pods) -}}
{{- $text = $text | replace (printf "%s logs" $compose) (printf "%s logs %s" $kubectl $pods) -}}
{{- $text = regexReplaceAll "\\bup\\{" $text (printf "up{namespace=%q, " .Release.Namespace) -}}
{{- with .Values.monitoring.prometheusRule.runbook -}}
{{- $text = $text | replace "runbook_url: ops/RUNBOOK.md" (printf "runbook_url: %s" .) -}}
{{- end -}}
{{- $text | fromYaml | toYaml -}}
{{- end }}
