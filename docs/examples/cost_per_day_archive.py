"""Cost per project and day, read from the files of the archive by DuckDB. Prints CSV.

    pip install duckdb
    python cost_per_day_archive.py /var/lib/overture/archive
    python cost_per_day_archive.py s3://bucket/prefix     # DuckDB's httpfs, credentials of the AWS_ variables
"""

import csv
import sys
from decimal import Decimal

import duckdb

# A file may stand in the archive twice after a crash of the archiver, hence DISTINCT ON the event's id. Amounts are
# whole nano-USD in decimal digits: HUGEINT sums them exactly, a float would not.
COST_PER_DAY = """
    WITH charge AS (
        SELECT DISTINCT ON (id)
               CAST(left(headers->>'$.ce_time', 10) AS DATE) AS day,
               tenant AS project,
               CAST(value->>'$.amount_nano_usd' AS HUGEINT) AS nano_usd
        FROM read_json($files, format = 'newline_delimited', compression = 'zstd', columns = {
            id: 'VARCHAR', type: 'VARCHAR', tenant: 'VARCHAR', headers: 'JSON', value: 'JSON'})
        WHERE type = 'BudgetCharged'
    )
    SELECT day, project, count(*) AS requests, coalesce(sum(nano_usd), 0) AS nano_usd,
           count(*) - count(nano_usd) AS unpriced
    FROM charge GROUP BY day, project ORDER BY day, project
"""


def main(archive: str) -> None:
    database = duckdb.connect()
    if archive.startswith("s3://"):
        database.execute("INSTALL httpfs; LOAD httpfs; CREATE SECRET (TYPE s3, PROVIDER credential_chain)")
    files = f"{archive.rstrip('/')}/partition-*/*.jsonl.zst"
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(["day", "project", "requests", "usd", "unpriced"])
    for day, project, requests, nano_usd, unpriced in database.execute(COST_PER_DAY, {"files": files}).fetchall():
        table.writerow([day, project, requests, f"{Decimal(nano_usd).scaleb(-9):f}", unpriced])


if __name__ == "__main__":
    main(sys.argv[1])
