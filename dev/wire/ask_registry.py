"""Asks a schema registry as a stock client does, and prints what it makes of the answers as one JSON object."""

import json
import sys

from confluent_kafka.schema_registry import Schema, SchemaRegistryClient, SchemaRegistryError

client = SchemaRegistryClient({"url": sys.argv[1]})


def refused(ask):
    try:
        ask()
    except SchemaRegistryError as error:
        return [error.http_status_code, error.error_code, error.error_message]
    return None


latest = client.get_latest_version("events-value")
print(
    json.dumps(
        {
            "subjects": client.get_subjects(),
            "versions": client.get_versions("passerby.Event"),
            "latest": [latest.schema_id, latest.version, json.loads(latest.schema.schema_str)],
            "by_id": json.loads(client.get_schema(1).schema_str),
            "unknown_subject": refused(lambda: client.get_latest_version("nobody")),
            "unknown_id": refused(lambda: client.get_schema(999)),
            "register": refused(lambda: client.register_schema("events-value", Schema('"string"', "AVRO"))),
            "lookup": refused(lambda: client.lookup_schema("events-value", Schema('"string"', "AVRO"))),
        }
    )
)
