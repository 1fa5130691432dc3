"""Local Apache Spark on the same CSV: typed columns, what is bad becomes null, Parquet in a folder.

It stands alone, since Apache Spark cannot be installed beside the Spark Connect client that the lakehouse uses:

    python benchmarks/spark_csv.py IN OUT COLUMN:TYPE...
"""

import json
import sys

from pyspark.sql import SparkSession

source, target, *columns = sys.argv[1:]
types = dict(column.split(":", 1) for column in columns)
builder = SparkSession.builder.master("local[*]").config("spark.driver.memory", "4g")
spark = builder.config("spark.ui.enabled", "false").getOrCreate()
text = spark.read.schema(", ".join(f"{name} string" for name in types)).option("header", "true").csv(source)
typed = text.selectExpr(*(f"try_cast({name} AS {type_}) AS {name}" for name, type_ in types.items()))
typed.write.mode("overwrite").option("compression", "zstd").parquet(target)
print(json.dumps(spark.read.parquet(target).count()))  # noqa: T201
