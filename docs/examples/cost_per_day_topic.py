"""Cost per project and day, kept up to date from the topic overture.events. Prints CSV when it ends.

    pip install confluent-kafka
    python cost_per_day_topic.py --brokers localhost:9092 --database costs.sqlite          # until Ctrl-C
    python cost_per_day_topic.py --brokers localhost:9092 --database costs.sqlite --once   # what is there now
"""

import argparse
import csv
import json
import sqlite3
import sys
from decimal import Decimal

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

TABLES = """
    CREATE TABLE IF NOT EXISTS seen (id TEXT PRIMARY KEY) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS cost (
        day TEXT, project TEXT, requests INTEGER, nano_usd INTEGER, unpriced INTEGER, PRIMARY KEY (day, project)
    ) WITHOUT ROWID;
"""
ADD = """
    INSERT INTO cost VALUES (?, ?, 1, ?, ?) ON CONFLICT DO UPDATE SET
        requests = requests + 1, nano_usd = nano_usd + excluded.nano_usd, unpriced = unpriced + excluded.unpriced
"""


def add_charge(database: sqlite3.Connection, message: Message) -> None:
    """Counts one event, once: the topic may deliver it again, under the same ce_id."""
    headers = {name: value.decode() for name, value in message.headers() or []}
    if headers.get("ce_type") != "BudgetCharged":
        return
    if headers["ce_schemaver"] != "1":
        raise ValueError(f"BudgetCharged v{headers['ce_schemaver']} is newer than this consumer")
    if database.execute("INSERT OR IGNORE INTO seen VALUES (?)", [headers["ce_id"]]).rowcount == 0:
        return
    amount = json.loads(message.value())["amount_nano_usd"]
    database.execute(ADD, [headers["ce_time"][:10], headers["ce_tenant"], int(amount or 0), amount is None])


def consume(consumer: Consumer, database: sqlite3.Connection, once: bool) -> None:
    """Ids, sums and then the offsets: a crash in between repeats a batch, which changes nothing."""
    ended: set[int] = set()
    while not (once and ended and len(ended) == len(consumer.assignment())):
        batch = consumer.consume(500, timeout=1)
        with database:  # one transaction
            for message in batch:
                if message.error() is None:
                    ended.discard(message.partition())
                    add_charge(database, message)
                elif message.error().code() == KafkaError._PARTITION_EOF:
                    ended.add(message.partition())
                else:
                    raise KafkaException(message.error())
        read = [TopicPartition(m.topic(), m.partition(), m.offset() + 1) for m in batch if m.error() is None]
        if read:
            consumer.commit(offsets=read, asynchronous=False)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--brokers", required=True)
    options.add_argument("--database", required=True)
    options.add_argument("--topic", default="overture.events")
    options.add_argument("--group", default="cost-per-day")
    options.add_argument("--once", action="store_true", help="end when everything that is there has been read")
    chosen = options.parse_args()
    database = sqlite3.connect(chosen.database)
    database.executescript(TABLES)
    consumer = Consumer(
        {
            "bootstrap.servers": chosen.brokers,
            "group.id": chosen.group,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
        }
    )
    consumer.subscribe([chosen.topic])
    try:
        consume(consumer, database, chosen.once)
    except KeyboardInterrupt:
        pass
    finally:
        consumer.close()
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(["day", "project", "requests", "usd", "unpriced"])
    for day, project, requests, nano_usd, unpriced in database.execute("SELECT * FROM cost ORDER BY day, project"):
        table.writerow([day, project, requests, f"{Decimal(nano_usd).scaleb(-9):f}", unpriced])


if __name__ == "__main__":
    main()
