"""Local Apache Spark applies the same changes: the rows that they do not touch and their last versions, as Parquet.

It stands alone, since Apache Spark cannot be installed beside the Spark Connect client that the lakehouse uses:

    python benchmarks/spark_changes.py TABLE CHANGES OUT
"""

import json
import sys

from pyspark.sql import SparkSession, Window
from pyspark.sql import functions as fn

table, changes, target = sys.argv[1:]
builder = SparkSession.builder.master("local[*]").config("spark.driver.memory", "4g")
spark = builder.config("spark.ui.enabled", "false").getOrCreate()
rows = spark.read.parquet(table)
newest = Window.partitionBy("order_id").orderBy(fn.desc("_change_seq"))
latest = spark.read.parquet(changes).withColumn("rank", fn.row_number().over(newest)).where("rank = 1")
latest = latest.withColumn("_is_deleted", fn.expr("_op = 'D'")).select(rows.columns)
result = rows.join(latest.select("order_id"), "order_id", "left_anti").unionByName(latest)
result.write.mode("overwrite").option("compression", "zstd").parquet(target)
print(json.dumps(spark.read.parquet(target).count()))  # noqa: T201
