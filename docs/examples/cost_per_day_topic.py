"""Cost per project and day, kept up to date from the topic overture.events. Prints CSV when it ends.

    pip install confluent-kafka
    python cost_per_day_topic.py --brokers localhost:9092 --database costs.sqlite          # until Ctrl-C
    python cost_per_day_topic.py --brokers localhost:9092 --database costs.sqlite --once   # what is there now

Sums that lack a part of the events look like sums. So it stops when the topic has dropped what it has not read, at the
first run and at every later one. With the archive, and `pip install duckdb`, it reads that part there:

    python cost_per_day_topic.py ... --archive /var/lib/overture/archive                   # or s3://bucket/prefix
"""

import argparse
import csv
import json
import re
import sqlite3
import sys
from decimal import Decimal

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

TABLES = """
    CREATE TABLE IF NOT EXISTS seen (id TEXT PRIMARY KEY) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS cost (
        day TEXT, project TEXT, requests INTEGER, nano_usd INTEGER, unpriced INTEGER, PRIMARY KEY (day, project)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS position (partition INTEGER PRIMARY KEY, next_offset INTEGER);
"""
ADD = """
    INSERT INTO cost VALUES (?, ?, 1, ?, ?) ON CONFLICT DO UPDATE SET
        requests = requests + 1, nano_usd = nano_usd + excluded.nano_usd, unpriced = unpriced + excluded.unpriced
"""
ARCHIVED_CHARGES = """
    SELECT headers, value FROM read_json($files, format = 'newline_delimited', compression = 'zstd', columns = {
        type: 'VARCHAR', headers: 'JSON', value: 'JSON'}) WHERE type = 'BudgetCharged'
"""
MANIFEST = re.compile(r"partition-(\d{2})/(\d{20})-(\d{20})\.manifest\.json$")
TIMEOUT_S = 15


def add_event(database: sqlite3.Connection, headers: dict[str, str], value: str | bytes) -> None:
    """Counts one charge, once: topic and archive may deliver it again, under the same ce_id."""
    if headers.get("ce_type") != "BudgetCharged":
        return
    if headers["ce_schemaver"] != "1":
        raise ValueError(f"BudgetCharged v{headers['ce_schemaver']} is newer than this consumer")
    if database.execute("INSERT OR IGNORE INTO seen VALUES (?)", [headers["ce_id"]]).rowcount == 0:
        return
    amount = json.loads(value)["amount_nano_usd"]
    database.execute(ADD, [headers["ce_time"][:10], headers["ce_tenant"], int(amount or 0), amount is None])


def move(database: sqlite3.Connection, positions: dict[int, int]) -> None:
    database.executemany("INSERT OR REPLACE INTO position VALUES (?, ?)", positions.items())


def find_dropped(consumer: Consumer, topic: str, positions: dict[int, int]) -> dict[int, range]:
    """By partition, the offsets that were not read and are not in the topic any more."""
    metadata = consumer.list_topics(topic, timeout=TIMEOUT_S).topics[topic]
    if metadata.error is not None:
        raise KafkaException(metadata.error)
    for partition in metadata.partitions:
        positions.setdefault(partition, 0)
    dropped = {}
    for partition, position in positions.items():
        begins, _ = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=TIMEOUT_S)
        if begins > position:
            dropped[partition] = range(position, begins)
    return dropped


def add_archive(database: sqlite3.Connection, archive: str, dropped: dict[int, range]) -> None:
    """Counts what the archive has, once it is seen to have all that the topic has dropped."""
    import duckdb

    files = duckdb.connect()
    if archive.startswith("s3://"):
        files.execute("INSTALL httpfs; LOAD httpfs; CREATE SECRET (TYPE s3, PROVIDER credential_chain)")
    folders = f"{archive.rstrip('/')}/partition-*"
    found = files.execute("SELECT file FROM glob(?)", [f"{folders}/*.manifest.json"]).fetchall()
    segments = [tuple(map(int, match.groups())) for (name,) in found if (match := MANIFEST.search(name))]
    reached = {partition: offsets.start for partition, offsets in dropped.items()}
    for partition, first, behind_last in sorted(segments):
        if partition in reached and first <= reached[partition] < behind_last:
            reached[partition] = behind_last
    for partition, offsets in dropped.items():
        if reached[partition] < offsets.stop:
            sys.exit(f"Neither the topic nor {archive} has offset {reached[partition]} of partition {partition}.")
    with database:  # one transaction
        charges = files.execute(ARCHIVED_CHARGES, {"files": f"{folders}/*.jsonl.zst"})
        while batch := charges.fetchmany(1000):
            for headers, value in batch:
                add_event(database, json.loads(headers), value)
        move(database, {partition: offsets.stop for partition, offsets in dropped.items()})


def consume(consumer: Consumer, database: sqlite3.Connection, once: bool) -> None:
    """Ids, sums and positions change in one transaction: what a crash takes back is read again."""
    ended: set[int] = set()
    while not (once and len(ended) == len(consumer.assignment())):
        batch = consumer.consume(500, timeout=1)
        with database:
            for message in batch:
                if message.error() is None:
                    ended.discard(message.partition())
                    headers = {name: value.decode() for name, value in message.headers() or []}
                    add_event(database, headers, message.value())
                elif message.error().code() == KafkaError._PARTITION_EOF:
                    ended.add(message.partition())
                else:  # _AUTO_OFFSET_RESET when what comes next was dropped meanwhile
                    raise KafkaException(message.error())
            move(database, {m.partition(): m.offset() + 1 for m in batch if m.error() is None})


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--brokers", required=True)
    options.add_argument("--database", required=True)
    options.add_argument("--topic", default="overture.events")
    options.add_argument("--archive", help="a folder or s3://bucket/prefix, for what the topic has dropped")
    options.add_argument("--once", action="store_true", help="end when everything that is there has been read")
    chosen = options.parse_args()
    database = sqlite3.connect(chosen.database)
    database.executescript(TABLES)
    # Positions are in the database, beside what they stand for: the group is named for the client and never joined.
    consumer = Consumer(
        {
            "bootstrap.servers": chosen.brokers,
            "group.id": "cost-per-day",
            "auto.offset.reset": "error",  # any other value skips what was dropped, and says nothing
            "enable.auto.commit": False,
            "enable.partition.eof": True,
        }
    )
    try:
        positions = dict(database.execute("SELECT partition, next_offset FROM position"))
        dropped = find_dropped(consumer, chosen.topic, positions)
        if dropped and chosen.archive is None:
            number, offsets = next(iter(dropped.items()))
            place = f"offsets {offsets.start} to {offsets.stop - 1} of partition {number}"
            count = len(dropped)
            sys.exit(f"The topic has dropped {place}, unread, and of {count - 1} more: name the --archive.")
        if dropped:
            add_archive(database, chosen.archive, dropped)
            positions.update({number: span.stop for number, span in dropped.items()})
        consumer.assign([TopicPartition(chosen.topic, number, offset) for number, offset in positions.items()])
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
