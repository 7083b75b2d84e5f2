{{/* What no schema can say, since it is about two values at once. */}}
{{- define "passerby.guards" -}}
{{- $values := .Values -}}
{{- $partitions := int $values.kafka.partitions -}}
{{- range $name, $facts := include "passerby.services" . | fromYaml -}}
{{- if $facts.readsLog -}}
{{- if gt (int (get $values $name).replicas) $partitions -}}
{{- fail (printf "\n%s.replicas: of more than kafka.partitions (%d), the others would have nothing to do" $name $partitions) -}}
{{- end -}}
{{- if gt (int (default 0 (get $values.keda $name).maxReplicas)) $partitions -}}
{{- fail (printf "\nkeda.%s.maxReplicas: of more than kafka.partitions (%d), the others would have nothing to do" $name $partitions) -}}
{{- end -}}
{{- if gt (int (get $values.keda $name).minReplicas) (int (include "passerby.maxReplicas" (dict "root" $ "name" $name))) -}}
{{- fail (printf "\nkeda.%s.minReplicas: is more than there may be at most" $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and $values.kafka.sasl.username (not $values.secrets.kafka.name) -}}
{{- fail "\nkafka.sasl.username: needs secrets.kafka.name, the Secret with the password to it" -}}
{{- end -}}
{{- if and $values.registry.url $values.secrets.registry.name -}}
{{- fail "\nregistry.url: is in secrets.registry too; give it once" -}}
{{- end -}}
{{- if and $values.ingress.enabled (not $values.trustProxy) -}}
{{- fail "\ningress.enabled: needs trustProxy, the network of the ingress controller's pods (such as 10.42.0.0/16): without it the services refuse passwords and tokens, since they came by plain HTTP from another host" -}}
{{- end -}}
{{- if $values.keda.enabled -}}
{{- $cycleSeconds := int (default 0 $values.settings.PROCESSOR_CYCLE_S) -}}
{{- range $group, $seconds := $values.keda.processor.lagSeconds -}}
{{- if le (int $seconds) $cycleSeconds -}}
{{- fail (printf "\nkeda.processor.lagSeconds.%s: is not more than settings.PROCESSOR_CYCLE_S (%d), so that waiting for the next cycle would ask for more processors" $group $cycleSeconds) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* Of readers of the log; those beyond the partitions would stand idle, and make every rebalance longer. */}}
{{- define "passerby.maxReplicas" -}}
{{- default .root.Values.kafka.partitions (get .root.Values.keda .name).maxReplicas | int -}}
{{- end }}

{{/* Whether KEDA, and nobody else, says how many there are of a service. */}}
{{- define "passerby.isScaled" -}}
{{- if and .root.Values.keda.enabled (hasKey .root.Values.keda .name) (get (default dict (get .root.Values.keda .name)) "enabled") -}}
true
{{- end -}}
{{- end }}
