"""Glue job: pull new records of one dataset's API to stage."""

from lakehouse.apis import pull

if __name__ == "__main__":
    pull.main()
