"""Glue job: pull what is new of one dataset's API to stage."""

from lakehouse.apis import pull

if __name__ == "__main__":
    pull.main()
