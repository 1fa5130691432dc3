"""Apache Spark applies the same changes by a plain MERGE, to a table of its own that begins with the same files.

It stands alone, since Apache Spark cannot be installed beside the Spark Connect client that the lakehouse uses:

    python benchmarks/spark_merge.py METADATA DATABASE CHANGES
"""

import json
import os
import sys

from pyspark.sql import SparkSession, Window
from pyspark.sql import functions as fn

metadata, database, changes = sys.argv[1:]
table = f"own.{database}.by_spark"
builder = SparkSession.builder.master("local[*]").config("spark.driver.memory", "4g")
builder = builder.config("spark.ui.enabled", "false")
builder = builder.config("spark.sql.extensions", "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions")
builder = builder.config("spark.sql.catalog.own", "org.apache.iceberg.spark.SparkCatalog")
builder = builder.config("spark.sql.catalog.own.catalog-impl", "org.apache.iceberg.aws.glue.GlueCatalog")
builder = builder.config("spark.sql.catalog.own.glue.endpoint", os.environ["AWS_ENDPOINT_URL"])
builder = builder.config("spark.sql.catalog.own.client.region", os.environ["AWS_REGION"])
builder = builder.config("spark.sql.catalog.own.io-impl", "org.apache.iceberg.hadoop.HadoopFileIO")
spark = builder.getOrCreate()
spark.sql(f"DROP TABLE IF EXISTS {table}")
spark.sql(f"CALL own.system.register_table(table => '{database}.by_spark', metadata_file => '{metadata}')")
newest = Window.partitionBy("order_id").orderBy(fn.desc("_change_seq"))
latest = spark.read.parquet(changes).withColumn("rank", fn.row_number().over(newest)).where("rank = 1")
latest = latest.withColumn("_is_deleted", fn.expr("_op = 'D'")).select(spark.table(table).columns)
latest.createOrReplaceTempView("latest")
spark.sql(
    f"MERGE INTO {table} t USING latest s ON t.order_id = s.order_id "
    "WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *"
)
print(json.dumps(latest.count()))  # noqa: T201
