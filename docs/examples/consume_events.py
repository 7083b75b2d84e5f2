"""Prints what happened in front of the cameras, one JSON object a line, from the beginning and then as it comes.

pip install 'confluent-kafka[avro,schemaregistry]==2.16.0'
KAFKA_BROKERS=127.0.0.1:9092 SCHEMA_REGISTRY_URL=http://127.0.0.1:8081 python consume_events.py [topic] [group]
"""

import json
import os
import signal
import sys

from confluent_kafka import Consumer, KafkaException
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext

topic = sys.argv[1] if len(sys.argv) > 1 else "events"
group = sys.argv[2] if len(sys.argv) > 2 else "my-events-in-python"

registry = SchemaRegistryClient({"url": os.environ["SCHEMA_REGISTRY_URL"]})
# With its name, one kind of payload is told from another: ("passerby.Motion", {...}).
deserialize = AvroDeserializer(registry, return_record_name=True)

consumer = Consumer(
    {
        "bootstrap.servers": os.environ["KAFKA_BROKERS"],
        "group.id": group,
        # Records of a transaction that was given up are in the topic too, and did not happen.
        "isolation.level": "read_committed",
        # What is older than this group counts as well.
        "auto.offset.reset": "earliest",
        # The place is kept once a record is dealt with: what was not is read again after a crash.
        "enable.auto.commit": False,
    }
)


def as_json(value):
    """Bytes as hexadecimal digits; times and UUIDs as their text."""
    if isinstance(value, bytes):
        return value.hex()
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def stop(*_):
    raise KeyboardInterrupt


signal.signal(signal.SIGTERM, stop)
consumer.subscribe([topic])
try:
    while True:
        message = consumer.poll(1.0)
        if message is None:
            continue
        if message.error():
            raise KafkaException(message.error())
        record = deserialize(message.value(), SerializationContext(topic, MessageField.VALUE))
        # Where a database takes the place of this line: insert by event_id, and replace only a lower version.
        print(json.dumps(record, default=as_json), flush=True)
        consumer.commit(message, asynchronous=False)
except KeyboardInterrupt:
    pass
finally:
    consumer.close()
